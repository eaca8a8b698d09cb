-- Queues: what an operator may say of them, and what holds a claim to it.

-- A setting that is a number or null, as changed; raises OR008 where it is neither.
create function outrun.changed_number(change json, name text, now int, lowest int, highest int) returns int
language plpgsql immutable as $$
declare
    value text := (change -> name)::text;
begin
    if value is null then
        return now;
    elsif value = 'null' then
        return null;
    elsif value ~ '^[0-9]{1,9}$' and value::int between lowest and highest then
        return value::int;
    end if;
    raise exception '% must be % to %', name, lowest, highest
        using errcode = 'OR008', hint = 'invalid request';
end $$;

-- A setting that is one of these words, as changed.
create function outrun.changed_word(change json, name text, now text, words text[]) returns text
language plpgsql immutable as $$
begin
    if change -> name is null then
        return now;
    elsif json_typeof(change -> name) = 'string' and change ->> name = any (words) then
        return change ->> name;
    end if;
    raise exception '% must be one of %', name, array_to_string(words, ', ')
        using errcode = 'OR008', hint = 'invalid request';
end $$;

-- One of its shards' part of a limit.
create function outrun.share(whole int, place int, places int) returns int
language sql immutable as $$
    select whole / places + case when place < whole % places then 1 else 0 end
$$;

-- A queue's settings: as a whole, or what the shard at this place of these many keeps to.
create function outrun.queue_json(q outrun.queue, place int default 0, places int default 1) returns json
language sql immutable as $$
    select ('{"queue":' || to_json(q.name) || ',"mode":"' || q.mode || '","order":"' || q.ordering
        || '","width":' || q.width
        || coalesce(',"concurrency":' || outrun.share(q.concurrency, place, places), '')
        || coalesce(',"concurrency_per_key":' || q.concurrency_per_key, '')
        || coalesce(',"rate":{"limit":' || outrun.share(q.rate_limit, place, places)
            || ',"per_ms":' || q.rate_per_ms || '}', '')
        || ',"run_topics":"' || q.run_topics || '"}')::json
$$;

-- Says in the log of each of the queue's shards what the queue keeps to from now on.
create function outrun.tell_shards(q outrun.queue) returns void
language plpgsql as $$
declare
    places int := least(q.width, (select c.shards from outrun.cluster c));
    log    uuid;
    r      outrun.run;
begin
    for place in 0 .. places - 1 loop
        select l.run_id into log from outrun.queue_log l
        where l.queue = q.name and l.shard = outrun.shard_in_queue(q.name, place);
        if not found then
            insert into outrun.run (id, tenant, queue, handler, shard, status, input, created_at, updated_at)
            values (outrun.new_run_id(), 'outrun', q.name, 'queue', outrun.shard_in_queue(q.name, place),
                    'control', 'null', clock_timestamp(), clock_timestamp())
            returning id into log;
            insert into outrun.queue_log (queue, shard, run_id)
            values (q.name, outrun.shard_in_queue(q.name, place), log);
        end if;
        update outrun.run t set next_seq = t.next_seq + 1, updated_at = clock_timestamp()
        where t.id = log
        returning t.* into r;
        perform outrun.write_outbox(log, r.next_seq - 1, r.tenant, r.shard, r.topicless, 0,
            outrun.event_json('queue.changed', outrun.queue_json(q, place, places)::text), r.updated_at);
    end loop;
end $$;

create function outrun.change_queue(queue text, change json) returns json
language plpgsql as $$
declare
    q    outrun.queue;
    rate json := change -> 'rate';
begin
    if queue is null or not outrun.is_queue_name(queue) then
        raise exception 'the queue must be 1 to 63 of a-z, 0-9 and . _ -, starting with a letter or digit'
            using errcode = 'OR008', hint = 'invalid request';
    elsif json_typeof(change) <> 'object' or exists (
            select from json_object_keys(change) k
            where k not in ('mode', 'order', 'width', 'concurrency', 'concurrency_per_key', 'rate', 'run_topics')) then
        raise exception 'a queue has mode, order, width, concurrency, concurrency_per_key, rate and run_topics, nothing else'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    -- Claims in this queue that are under way end first, and later ones see what is changed.
    perform pg_advisory_xact_lock(outrun.queue_lock(queue));
    insert into outrun.queue (name) values (queue) on conflict do nothing;
    select * into q from outrun.queue t where t.name = change_queue.queue for update;

    q.mode := outrun.changed_word(change, 'mode', q.mode, '{active,paused,draining}');
    q.ordering := outrun.changed_word(change, 'order', q.ordering, '{fifo,lifo}');
    q.run_topics := outrun.changed_word(change, 'run_topics', q.run_topics, '{each,none}');
    q.width := outrun.changed_number(change, 'width', q.width, q.width, 1024);
    q.concurrency := outrun.changed_number(change, 'concurrency', q.concurrency, 1, 10000);
    q.concurrency_per_key :=
        outrun.changed_number(change, 'concurrency_per_key', q.concurrency_per_key, 1, 10000);
    if rate is not null and json_typeof(rate) not in ('object', 'null')
        or json_typeof(rate) = 'object' and exists (
            select from json_object_keys(rate) k where k not in ('limit', 'per_ms')) then
        raise exception 'rate must be {"limit": ..., "per_ms": ...}'
            using errcode = 'OR008', hint = 'invalid request';
    elsif json_typeof(rate) = 'null' then
        q.rate_limit := null;
        q.rate_per_ms := null;
    elsif rate is not null then
        q.rate_limit := outrun.changed_number(rate, 'limit', q.rate_limit, 1, 10000);
        q.rate_per_ms := outrun.changed_number(rate, 'per_ms', coalesce(q.rate_per_ms, 1000), 1, 86400000);
    end if;
    if q.width is null or (q.rate_limit is null) <> (q.rate_per_ms is null)
        or least(q.concurrency, q.rate_limit)
            < least(q.width, (select c.shards from outrun.cluster c)) then
        raise exception 'a queue needs a width, no more shards than its concurrency or rate, and a rate a limit'
            using errcode = 'OR008', hint = 'invalid request';
    end if;

    update outrun.queue t
    set mode = q.mode, ordering = q.ordering, width = q.width, concurrency = q.concurrency,
        concurrency_per_key = q.concurrency_per_key, rate_limit = q.rate_limit, rate_per_ms = q.rate_per_ms,
        run_topics = q.run_topics
    where t.name = q.name;
    perform outrun.tell_shards(q);
    return outrun.queue_json(q);
end $$;
comment on function outrun.change_queue is
    'Changes a queue''s settings from this transaction''s commit on, and returns them all: mode (active, paused, '
    'draining), order (fifo, lifo), width, concurrency, concurrency_per_key, rate {"limit", "per_ms"}, run_topics (each, '
    'none: of runs started from then on); null takes a limit away, what is not named stays. Raises OR008.';

create function outrun.queue_lock(queue text) returns bigint
language sql immutable as $$
    select hashtextextended('outrun.queue ' || queue, 0)
$$;

-- Whether an attempt may start now: the queue's mode and limits, held to at the moment of the claim, whatever tasks
-- are about. Claims in a queue with limits take turns until their transactions end.
create function outrun.admit(queue text, run uuid, attempt int) returns boolean
language plpgsql as $$
declare
    q       outrun.queue;
    key     text;
    limited boolean;
begin
    select q2.concurrency is not null or q2.concurrency_per_key is not null or q2.rate_limit is not null
    into limited from outrun.queue q2 where q2.name = admit.queue;
    if limited then
        perform pg_advisory_xact_lock(outrun.queue_lock(queue));
    else
        perform pg_advisory_xact_lock_shared(outrun.queue_lock(queue));
    end if;
    select * into q from outrun.queue t where t.name = admit.queue; -- as it is under the lock
    if q.mode = 'paused' or q.mode = 'draining' and attempt = 1 then
        return false;
    elsif coalesce(q.concurrency, q.concurrency_per_key, q.rate_limit) is null then
        return true;
    elsif not limited then
        return false; -- it has just become so; the engine will ask again
    end if;
    select t.concurrency_key into key from outrun.run t where t.id = admit.run;
    -- An attempt that has just ended is in the log, and known to the engine, a moment before it is seen here.
    for look in 1 .. 10 loop
        if outrun.has_room(q, key) then
            insert into outrun.queue_start (queue, run_id, attempt, concurrency_key, at)
            values (queue, run, attempt, key, clock_timestamp())
            on conflict do nothing;
            return true;
        end if;
        perform pg_sleep(0.005);
    end loop;
    return false;
end $$;

create function outrun.has_room(q outrun.queue, key text) returns boolean
language plpgsql as $$
declare
    since timestamptz := clock_timestamp() - q.rate_per_ms * interval '1 ms';
    room  boolean;
begin
    delete from outrun.queue_start s
    where s.queue = q.name and (since is null or s.at < since)
      and not exists (select from outrun.run t
                      where t.id = s.run_id and t.status = 'running' and t.attempt = s.attempt);
    select coalesce(count(*) filter (where live) < q.concurrency, true)
        and coalesce(count(*) filter (where live and s.concurrency_key = key) < q.concurrency_per_key, true)
        and coalesce(count(*) filter (where s.at >= since) < q.rate_limit, true)
    into room
    from outrun.queue_start s
    cross join lateral (select exists (
        select from outrun.run t
        where t.id = s.run_id and t.status = 'running' and t.attempt = s.attempt) as live) l
    where s.queue = q.name;
    return room;
end $$;

create function outrun.obliterate_queue(queue text, batch int default 1000) returns int
language plpgsql as $$
declare
    open_run uuid;
    done     int := 0;
begin
    for open_run in
        select t.id from outrun.run t
        where t.queue = obliterate_queue.queue and t.finished_at is null
          and t.status <> 'control' and t.cancel_requested_at is null
        order by t.id
        limit batch
        for no key update
    loop
        perform from outrun.run t where t.id = open_run and t.finished_at is null;
        if found then -- else a child that has ended here, has failed it
            perform outrun.cancel(open_run, 'the queue is obliterated');
        end if;
        done := done + 1;
    end loop;
    return done;
end $$;
comment on function outrun.obliterate_queue is
    'Cancels up to so many of the queue''s open runs, those that run at the moment included, and returns how many: '
    'to be called again until it is 0.';

create function outrun.queue_counts(queue text default null)
returns table (name text, status text, runs bigint)
language sql stable as $$
    select t.queue, t.status, count(*) from outrun.run t
    where t.finished_at is null and t.status <> 'control'
      and (queue_counts.queue is null or t.queue = queue_counts.queue)
    group by t.queue, t.status
$$;
comment on function outrun.queue_counts is
    'How many open runs each queue, or this one, has in each status; none where it has none.';

create function outrun.delete_lapsed(batch int default 1000) returns int
language plpgsql as $$
declare
    deleted int;
begin
    delete from outrun.dedupe d
    where d.ctid = any (array(
        select c.ctid from outrun.dedupe c
        where c.until < clock_timestamp()
           or c.until is null and not exists (
               select from outrun.run r where r.id = c.run_id and r.finished_at is null)
        limit batch
        for update skip locked));
    get diagnostics deleted = row_count;
    return deleted;
end $$;
comment on function outrun.delete_lapsed is
    'Deletes up to so many de-duplication keys whose time is over, and returns how many.';
