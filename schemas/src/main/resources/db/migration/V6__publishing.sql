-- What publishers of the log, and who looks after them, call.

-- The run's lock first: every append that committed before is then seen by whoever sees this transaction. The log
-- delivers a commit before others see it, so the message says which transaction to wait for.
create function outrun.resolve(run uuid) returns boolean
language plpgsql as $$
begin
    perform from outrun.run r where r.id = resolve.run for no key update;
    update outrun.halted_run h set resolved_at = clock_timestamp() where h.run_id = resolve.run;
    if not found then
        return false;
    end if;
    perform pg_logical_emit_message(true, 'outrun.resolve', run || ' ' || pg_current_xact_id());
    return true;
end $$;
comment on function outrun.resolve is
    'Publishes the events of a halted run again, from where it halted on: to be called when the cause is mended. '
    'False if the run is not halted.';

-- A function, because of its lock: each of its statements sees what whoever had the lock before has done.
create function outrun.acquire_lease(slot text, connector text, splits int, holder text, length interval, grace interval)
returns bigint
language plpgsql as $$
declare
    at    timestamptz;
    taken bigint;
begin
    lock table outrun.lease in share row exclusive mode;
    at := clock_timestamp();
    if exists (select from outrun.lease l
               where l.connector = acquire_lease.connector and l.until + grace >= at
                 and (l.slot = acquire_lease.slot or l.splits <> acquire_lease.splits)) then
        return null;
    end if;
    update outrun.lease l set epoch = l.epoch + 1, until = '-infinity'
    where l.connector = acquire_lease.connector and l.splits <> acquire_lease.splits;
    insert into outrun.lease as l (slot, connector, splits, epoch, holder, until)
    values (slot, connector, splits, 1, holder, at + length)
    on conflict on constraint lease_pkey do update
    set epoch = l.epoch + 1, holder = excluded.holder, until = excluded.until
    returning l.epoch into taken;
    return taken;
end $$;
comment on function outrun.acquire_lease is
    'Takes the lease on a slot: its new epoch, or null while another process has it, or one of a connector whose '
    'shards are split in another way.';

create function outrun.repair(run uuid, from_seq bigint default 0, until_seq bigint default 0) returns boolean
language plpgsql as $$
declare
    shard int;
begin
    -- What the ledger itself has lost, or its retention has dropped, a topic must not lose as well.
    select t.shard into shard from outrun.run t
    where t.id = repair.run
      and t.topic_deleted_at is null
      and t.next_seq = (
          select sum(case json_typeof(o.events) when 'array' then json_array_length(o.events) end)
          from outrun.run_outbox o where o.run_id = t.id);
    if not found then
        return false;
    end if;
    delete from outrun.repair_request q
    using outrun.watermark w
    where (q.shard & 1023) % w.splits = w.split and pg_visible_in_snapshot(q.xid::text::xid8, w.snapshot);
    insert into outrun.repair_request (run_id, shard, from_seq, until_seq)
    values (run, shard, from_seq, until_seq);
    perform pg_logical_emit_message(true, 'outrun.repair', run || ' ' || from_seq || ' ' || until_seq);
    return true;
end $$;
comment on function outrun.repair is
    'Has the connector hold the run''s topic against the ledger and make it right: filled up where events are missing '
    'at its end, else made anew with the same offsets. Events from from_seq on and before until_seq, which the firehose '
    'lacks, are appended there, behind later ones; saying it twice appends them twice. '
    'False if there is no such run, its topic has been given up, or the ledger does not have all of its events any more.';

create function outrun.barrier(id text) returns pg_lsn
language sql as $$
    select pg_logical_emit_message(true, 'outrun.barrier', id)
$$;
comment on function outrun.barrier is
    'Writes a marker into the write-ahead log. Once a publisher has passed it, all that committed before is published.';

-- The lower ten bits, so that a row with an impossible shard is delivered as well: to be dead-lettered.
create function outrun.make_publications(splits int) returns void
language plpgsql as $$
declare
    name text;
begin
    for split in 0 .. splits - 1 loop
        name := format('outrun_%s_of_%s', split, splits);
        continue when exists (select from pg_publication where pubname = name);
        begin
            execute format(
                'create publication %I for table outrun.run_outbox '
                '(run_id, first_seq, tenant, shard, attempt, events, appended_us, trace, topicless) '
                'where ((shard & 1023) %% %s = %s) '
                'with (publish = ''insert'', publish_via_partition_root = true)',
                name, splits, split);
        exception when duplicate_object or unique_violation then
            null; -- another connector makes it at this moment
        end;
    end loop;
end $$;
comment on function outrun.make_publications is
    'Makes the publications outrun_0_of_N to outrun_N-1_of_N, each of which has one of N parts of the shards, for a '
    'connector with N slots. They must be there before the slots are.';
