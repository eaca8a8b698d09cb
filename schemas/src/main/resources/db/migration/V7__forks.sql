-- Runs that begin with another's log: forks, and failed runs driven again. The functions raise one more SQLSTATE:
--   OR012 expired

create function outrun.fork(run uuid, at bigint, id uuid default null) returns uuid
language plpgsql as $$
declare
    source outrun.run;
    made   outrun.run;
    target uuid := coalesce(fork.id, outrun.new_run_id());
    most   bigint;
begin
    select * into source from outrun.run t where t.id = fork.run for no key update;
    if source.id is null or source.status = 'control' then
        perform outrun.refuse(run, null);
    end if;
    most := source.next_seq - (source.finished_at is not null)::int;
    if at is null or at not between 1 and most then
        raise exception 'run % can be forked at 1 to %', run, most
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    insert into outrun.run (id, tenant, queue, handler, shard, topicless, priority, concurrency_key, status, attempt, next_seq,
                            input, forked_from, forked_at, created_at, updated_at)
    values (target, source.tenant, source.queue, source.handler,
            outrun.shard_in_queue(source.queue,
                hashtextextended(coalesce(source.concurrency_key, target::text), 0) & 1073741823),
            outrun.is_topicless(source.queue), source.priority, source.concurrency_key, 'queued', 0, at + 1,
            source.input, source.id, at, clock_timestamp(), clock_timestamp())
    on conflict do nothing
    returning * into made;
    if not found then
        raise exception 'a run with the id % exists', target
            using errcode = 'OR007', hint = 'run id taken';
    end if;
    perform outrun.copy_log(made, source.id, at);
    update outrun.run t
    set attempt = (select max(o.attempt) from outrun.run_outbox o where o.run_id = made.id)
    where t.id = made.id
    returning t.* into made;
    perform outrun.write_outbox(made.id, at, made.tenant, made.shard, made.topicless, made.attempt,
        outrun.event_json('run.forked',
            '{"from":"' || source.id || '","at":' || at || ',"attempt":' || (made.attempt + 1) || '}'),
        made.created_at);
    return made.id;
end $$;
comment on function outrun.fork is
    'Starts a run whose log begins with the first events of another, those before seq at, byte for byte, and goes on '
    'with another attempt; returns its id. The closing event of a log cannot be copied. Raises OR001, OR007, OR008, OR012.';

-- Copies the events of a log before a seq, with the time of their copy. Raises OR012 where they are not all there.
create function outrun.copy_log(target outrun.run, source uuid, before bigint) returns void
language plpgsql as $$
declare
    o      outrun.run_outbox;
    events json;
    copied bigint := 0;
begin
    for o in
        select * from outrun.run_outbox t where t.run_id = source and t.first_seq < before order by t.first_seq
    loop
        events := o.events;
        if o.first_seq + json_array_length(events) > before then
            select ('[' || string_agg(e.value::text, ',' order by e.ordinality) || ']')::json into events
            from json_array_elements(o.events) with ordinality e
            where e.ordinality <= before - o.first_seq;
        end if;
        exit when o.first_seq <> copied;
        perform outrun.write_outbox(
            target.id, copied, target.tenant, target.shard, target.topicless, o.attempt, events, target.created_at);
        copied := copied + json_array_length(events);
    end loop;
    if copied <> before then
        raise exception 'the ledger has only % of the first % events of run %', copied, before, source
            using errcode = 'OR012', hint = 'expired';
    end if;
end $$;

create function outrun.redrive(run uuid, id uuid default null) returns uuid
language plpgsql as $$
declare
    r      outrun.run;
    before uuid;
begin
    select * into r from outrun.run t where t.id = redrive.run and t.status <> 'control';
    if not found then
        perform outrun.refuse(run, null);
    elsif r.status <> 'failed' then
        return null;
    end if;
    delete from outrun.failed_run f where f.run_id = redrive.run;
    if not found then
        select t.id into before from outrun.run t
        where t.forked_from = redrive.run and t.forked_at = r.next_seq - 1 order by t.created_at limit 1;
    end if;
    return coalesce(before, outrun.fork(run, r.next_seq - 1, id));
end $$;
comment on function outrun.redrive is
    'Has a failed run driven again: a fork that goes on where it failed; its id. Said again, the same id. Null, where '
    'the run has not failed. Raises OR001, OR007, OR012.';

create function outrun.redrive_queue(
    queue text, handler text default null, since timestamptz default null, batch int default 100
) returns int
language plpgsql as $$
declare
    failed uuid;
    done   int := 0;
begin
    for failed in
        select f.run_id from outrun.failed_run f join outrun.run r on r.id = f.run_id
        where f.queue = redrive_queue.queue
          and (redrive_queue.handler is null or r.handler = redrive_queue.handler)
          and (since is null or f.failed_at >= since)
        order by f.failed_at
        limit batch
        for no key update of f skip locked
    loop
        perform outrun.redrive(failed);
        done := done + 1;
    end loop;
    return done;
end $$;
comment on function outrun.redrive_queue is
    'Has up to so many of a queue''s failed runs driven again, those that failed first before others, and returns how '
    'many: to be called again until it is 0.';
