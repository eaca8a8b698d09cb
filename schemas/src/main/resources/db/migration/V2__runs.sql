-- The ledger's functions: public API for every language. Each rule about seq, status and attempt is in them, once.
-- Here is a run's way: start, append, claim, complete, fail, cancel.
--
-- SQLSTATEs (stable):
--   OR001 unknown run        OR004 unknown handler      OR007 run id taken
--   OR002 run is closed      OR005 invalid events       OR008 invalid request
--   OR003 stale attempt      OR006 payload too large    OR009 unknown schedule

create function outrun.new_run_id() returns uuid
language sql volatile as $$
    -- UUID version 7: a millisecond clock first, so that new runs are neighbours in every index.
    select encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
            52, 1), 53, 1), 'hex')::uuid
$$;

create function outrun.register_handlers(names text[]) returns void
language sql as $$
    insert into outrun.handler (name) select distinct unnest(names) on conflict do nothing
$$;
comment on function outrun.register_handlers is
    'Says that workers offer these handlers, so that runs of them may start. Idempotent.';

-- The row a publisher reads. The caller holds the run's row lock and has moved next_seq past the events.
create function outrun.write_outbox(
    run_id uuid, first_seq bigint, tenant text, shard int, topicless boolean, attempt int, events json, at timestamptz
) returns void
language plpgsql as $$ -- not sql: its plan would be made anew in every transaction
begin
    insert into outrun.run_outbox (
        run_id, first_seq, tenant, shard, topicless, attempt, events, appended_at, appended_us, trace)
    values (
        $1, $2, $3, $4, $5, $6, $7, $8, (extract(epoch from $8) * 1000000)::bigint,
        nullif(current_setting('outrun.traceparent', true), ''));
end $$;

-- JSON text without the spaces json_build_object() puts in.
create function outrun.event_json(type text, data text) returns json
language sql immutable as $$
    select ('[{"type":' || to_json(type) || ',"data":' || data || '}]')::json
$$;

create function outrun.json_instant(at timestamptz) returns text
language sql stable as $$
    select to_json(to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text
$$;

-- Raises the reason why a run takes no event from this attempt.
create function outrun.refuse(run uuid, attempt int) returns void
language plpgsql stable as $$
declare
    r outrun.run;
begin
    select * into r from outrun.run t where t.id = refuse.run and t.status <> 'control';
    if not found then
        raise exception 'unknown run %', run
            using errcode = 'OR001', hint = 'unknown run';
    elsif r.finished_at is not null then
        raise exception 'run % is closed: it is %', run, r.status
            using errcode = 'OR002', hint = 'run is closed';
    else
        raise exception 'stale attempt % of run %: its attempt is %, its status %',
            attempt, run, r.attempt, r.status
            using errcode = 'OR003', hint = 'stale attempt';
    end if;
end $$;

-- Raises OR008 unless this is a retry policy: every field is optional, none may be unknown.
create function outrun.check_retry(retry json) returns void
language plpgsql immutable as $$
begin
    if json_typeof(retry) = 'object'
        and (select bool_and(case f.key
                 when 'max_attempts' then outrun.is_number(f.value::text, 1, 1000)
                 when 'backoff' then f.value::text in ('"fixed"', '"exponential"')
                 when 'delay_ms' then outrun.is_number(f.value::text, 0, 86400000)
                 when 'max_delay_ms' then outrun.is_number(f.value::text, 0, 86400000)
                 when 'delays_ms' then json_typeof(f.value) = 'array'
                     and json_array_length(f.value) between 1 and 100
                     and (select bool_and(outrun.is_number(d::text, 0, 86400000))
                          from json_array_elements(f.value) d)
                 when 'jitter' then f.value::text ~ '^(0(\.[0-9]{1,3})?|1(\.0{1,3})?)$'
                 when 'non_retryable' then json_typeof(f.value) = 'array'
                     and json_array_length(f.value) <= 100
                     and (select bool_and(json_typeof(c) = 'string' and length(c #>> '{}') <= 128) is not false
                          from json_array_elements(f.value) c)
                 else false end) is not false
             from json_each(retry) f) then
        return;
    end if;
    raise exception 'retry must be {"max_attempts": 1..1000, "backoff": "fixed" or "exponential", '
        '"delay_ms": 0..86400000, "max_delay_ms": 0..86400000, "delays_ms": [0..86400000, ...], "jitter": 0..1, '
        '"non_retryable": ["code", ...]}, each optional'
        using errcode = 'OR008', hint = 'invalid request';
end $$;

create function outrun.is_number(json_text text, lowest int, highest int) returns boolean
language sql immutable as $$
    select case when json_text ~ '^[0-9]{1,8}$' then json_text::int between lowest and highest else false end
$$;

create function outrun.is_queue_name(name text) returns boolean
language sql immutable as $$
    select length(name) <= 63 and name ~ '^[a-z0-9][a-z0-9._-]*$'
$$;

-- The shard at this place of a queue's, counted round and round over its width.
create function outrun.shard_at(queue text, place bigint, width int, shards int) returns int
language sql immutable as $$
    select (((hashtextextended(queue, 0) & 1073741823) + place % least(width, shards)) % shards)::int
$$;

-- Only reads the queue's row: one written here would be locked until the caller's transaction ends, and hold up every
-- other start in that queue.
create function outrun.shard_in_queue(queue text, place bigint) returns int
language plpgsql stable as $$
begin
    return (
        select outrun.shard_at(queue, place, coalesce(q.width, 1), c.shards)
        from outrun.cluster c left join outrun.queue q on q.name = shard_in_queue.queue);
end $$;
create function outrun.is_topicless(queue text) returns boolean
language plpgsql stable as $$
begin
    perform from outrun.queue q where q.name = is_topicless.queue and q.run_topics = 'none';
    return case when found then true end;
end $$;
comment on function outrun.is_topicless is
    'True where runs started in the queue have no topics of their own; null elsewhere.';

-- The run that has this de-duplication key at this time; null, where it is the new run's from now on.
create function outrun.started_already(tenant text, queue text, key text, run uuid, until timestamptz) returns uuid
language plpgsql as $$
declare
    holder uuid;
begin
    insert into outrun.dedupe as d (tenant, queue, key, run_id, until)
    values (tenant, queue, key, run, until)
    on conflict on constraint dedupe_pkey do update
    set run_id = excluded.run_id, until = excluded.until
    where d.until <= clock_timestamp()
       or d.until is null and not exists (
           select from outrun.run r where r.id = d.run_id and r.finished_at is null)
    returning d.run_id into holder;
    if found then
        return null;
    end if;
    select d.run_id into holder from outrun.dedupe d
    where d.tenant = started_already.tenant and d.queue = started_already.queue and d.key = started_already.key;
    return holder;
end $$;

create function outrun.start_run(
    handler text,
    input json default 'null',
    queue text default 'default',
    tenant text default 'default',
    id uuid default null,
    idempotency_key text default null,
    run_at timestamptz default null,
    retry json default null,
    priority int default 0,
    concurrency_key text default null,
    dedupe_key text default null,
    dedupe_ms bigint default null,
    timeout_ms bigint default null,
    attempt_timeout_ms bigint default null,
    parent uuid default null,
    on_failure text default 'continue',
    detached boolean default false,
    wait_for text default null,
    schedule text default null,
    scheduled_at timestamptz default null
) returns uuid
language plpgsql as $$
declare
    at        timestamptz := clock_timestamp();
    run       uuid := coalesce(start_run.id, outrun.new_run_id());
    known     boolean;
    topicless boolean;
    width     int;
    shards    int;
    shard     int;
    existing  uuid;
begin
    if tenant is null or length(tenant) > 63 or tenant !~ '^[a-z0-9][a-z0-9-]*$' or tenant = 'outrun' then
        raise exception 'the tenant must be 1 to 63 of a-z, 0-9 and -, not starting with -, and not outrun'
            using errcode = 'OR008', hint = 'invalid request';
    elsif not outrun.is_queue_name(queue) then
        raise exception 'the queue must be 1 to 63 of a-z, 0-9 and . _ -, starting with a letter or digit'
            using errcode = 'OR008', hint = 'invalid request';
    elsif priority is null or priority not between -1000 and 1000 then
        raise exception 'the priority must be -1000 to 1000'
            using errcode = 'OR008', hint = 'invalid request';
    elsif length(concurrency_key) > 255 or concurrency_key = '' or length(dedupe_key) > 255 or dedupe_key = '' then
        raise exception 'a concurrency key or de-duplication key must be 1 to 255 characters'
            using errcode = 'OR008', hint = 'invalid request';
    elsif dedupe_ms not between 1 and 31622400000 or dedupe_ms is not null and dedupe_key is null then
        raise exception 'a de-duplication window must be 1 to 31622400000 ms, and have a key'
            using errcode = 'OR008', hint = 'invalid request';
    elsif timeout_ms not between 1 and 31622400000 or attempt_timeout_ms not between 1 and 31622400000 then
        raise exception 'a timeout must be 1 to 31622400000 ms'
            using errcode = 'OR008', hint = 'invalid request';
    elsif on_failure is null or on_failure not in ('continue', 'fail_parent') then
        raise exception 'on_failure must be continue or fail_parent'
            using errcode = 'OR008', hint = 'invalid request';
    elsif wait_for is not null and run_at is not null then
        raise exception 'a run waits for its children or for a time, not for both'
            using errcode = 'OR008', hint = 'invalid request';
    elsif octet_length(input::text) > 1048576 then
        raise exception 'the input has % bytes, more than 1048576', octet_length(input::text)
            using errcode = 'OR006', hint = 'payload too large';
    end if;
    select h.name is not null, case when q.run_topics = 'none' then true end, coalesce(q.width, 1), c.shards
    into known, topicless, width, shards
    from outrun.cluster c
    left join outrun.handler h on h.name = start_run.handler
    left join outrun.queue q on q.name = start_run.queue;
    if not known then
        raise exception 'unknown handler %', handler
            using errcode = 'OR004', hint = 'unknown handler';
    end if;
    if retry is not null then
        perform outrun.check_retry(retry);
    end if;
    -- All runs of one concurrency key are in one shard, which alone can count them. (Within the query above, the server
    -- would make its plan anew for each start: half of a start's cost.)
    shard := outrun.shard_at(queue, hashtextextended(coalesce(concurrency_key, run::text), 0) & 1073741823, width, shards);

    insert into outrun.run (id, tenant, queue, handler, shard, topicless, priority, concurrency_key, status, next_seq, input,
                            idempotency_key, run_at, parent_id, on_failure, detached, wake_children,
                            schedule, scheduled_at, created_at, updated_at)
    values (run, tenant, queue, handler, shard, topicless, start_run.priority, start_run.concurrency_key,
            case when wait_for is null then 'queued' else 'suspended' end, 1, input,
            start_run.idempotency_key, start_run.run_at, start_run.parent, start_run.on_failure,
            coalesce(start_run.detached, false), outrun.children_awaited(wait_for),
            start_run.schedule, start_run.scheduled_at, at, at)
    on conflict do nothing;
    if not found then
        select r.id into existing from outrun.run r
        where r.tenant = start_run.tenant and r.idempotency_key = start_run.idempotency_key;
        if existing is null then
            raise exception 'a run with the id % exists', run
                using errcode = 'OR007', hint = 'run id taken';
        end if;
        return existing;
    end if;
    if dedupe_key is not null then
        existing := outrun.started_already(tenant, queue, dedupe_key, run, at + dedupe_ms * interval '1 ms');
        if existing is not null then
            delete from outrun.run r where r.id = run;
            return existing;
        end if;
    end if;

    perform outrun.write_outbox(run, 0, tenant, shard, topicless, 0, outrun.event_json('run.requested',
        '{"handler":' || to_json(handler) || ',"queue":' || to_json(queue)
        || ',"tenant":' || to_json(tenant)
        || coalesce(',"run_at":' || outrun.json_instant(run_at), '')
        || coalesce(',"retry":' || retry::text, '')
        || case when priority = 0 then '' else ',"priority":' || priority end
        || coalesce(',"concurrency_key":' || to_json(concurrency_key), '')
        || coalesce(',"parent":"' || parent || '"', '')
        || coalesce(',"wait_for":' || to_json(wait_for), '')
        || coalesce(',"timeout_ms":' || timeout_ms, '')
        || coalesce(',"attempt_timeout_ms":' || attempt_timeout_ms, '')
        || coalesce(',"schedule":' || to_json(schedule), '')
        || coalesce(',"scheduled_at":' || outrun.json_instant(scheduled_at), '')
        || ',"input":' || input::text || '}'), at);
    if parent is not null then
        perform outrun.child_started(parent, run, tenant, queue, handler);
    end if;
    return run;
end $$;
comment on function outrun.start_run is
    'Starts a run, in the caller''s transaction, and returns its id; with an idempotency key that its tenant '
    'has used before, the id of that run; with a de-duplication key of its queue that was used less than the window '
    'ago, or, without a window, by a run still open, the id of that. Event 0 is run.requested. '
    'Raises OR004, OR006, OR007, OR008.';

-- Whether this JSON text is a string that names an event of a user's. A bound in the pattern, {0,127}, would cost
-- as much as writing the row.
create function outrun.is_event_type(json_text text) returns boolean
language sql immutable as $$
    select length(json_text) <= 130 and json_text not like '"run.%'
        and json_text ~ '^"[A-Za-z0-9][A-Za-z0-9._:/-]*"$'
$$;

-- How many events these are; raises OR005 or OR006 where they are not what a run takes.
create function outrun.check_events(events json) returns bigint
language plpgsql immutable as $$
declare
    type    text := (events #> '{0,type}')::text;
    data    text := (events #> '{0,data}')::text;
    n       bigint;
    valid   boolean;
    largest bigint;
begin
    -- One event, written as most write it: the general question below would be a quarter of an append's cost.
    if outrun.is_event_type(type) and octet_length(data) <= 1048576
        and events::text in ('[{"type":' || type || ',"data":' || data || '}]',
                             '[{"type": ' || type || ', "data": ' || data || '}]') then
        return 1;
    end if;

    if events is null or json_typeof(events) <> 'array' then
        raise exception 'events must be an array of {"type": ..., "data": ...}'
            using errcode = 'OR005', hint = 'invalid events';
    end if;
    select count(*), max(octet_length((e -> 'data')::text)), bool_and(coalesce(
            outrun.is_event_type((e -> 'type')::text)
            and (select count(*) filter (where k in ('type', 'data')) = count(*) and count(*) <= 2
                 from json_object_keys(case when json_typeof(e) = 'object' then e else '{}' end) k),
            false))
    into n, largest, valid
    from json_array_elements(events) e;
    if n = 0 or n > 10000 or not valid then
        raise exception 'events must be 1 to 10000 objects with "type" (letters, digits and . _ : / -, '
            'at most 128, not starting with run.) and "data", and nothing else'
            using errcode = 'OR005', hint = 'invalid events';
    end if;
    if largest > 1048576 or octet_length(events::text) > 16777216 then
        raise exception 'an event''s data has % bytes and all together %; more than 1048576 or 16777216',
            largest, octet_length(events::text)
            using errcode = 'OR006', hint = 'payload too large';
    end if;
    return n;
end $$;

create function outrun.append(run uuid, attempt int, events json) returns bigint
language plpgsql as $$
declare
    n bigint := outrun.check_events(events);
    r outrun.run;
begin
    update outrun.run t
    set next_seq = t.next_seq + n, updated_at = clock_timestamp()
    where t.id = append.run
      and t.finished_at is null
      and t.status <> 'control'
      and (append.attempt is null
           or t.attempt = append.attempt and (t.attempt = 0 or t.status = 'running'))
    returning t.* into r;
    if not found then
        perform outrun.refuse(run, attempt);
    end if;
    perform outrun.write_outbox(run, r.next_seq - n, r.tenant, r.shard, r.topicless, r.attempt, events, r.updated_at);
    return r.next_seq - n;
end $$;
comment on function outrun.append is
    'Appends 1..N events, [{"type": ..., "data": ...}, ...], to a run, in the caller''s transaction, and returns '
    'the seq of the first. A worker passes its attempt and is refused unless it is the live one; null writes '
    'from outside of any attempt. Raises OR001, OR002, OR003, OR005, OR006.';

-- Waits for the transaction that is just writing this run, or has just started it; leaves neither lock nor row. Whoever
-- reads the log acts upon a transaction that the server has written there, and has not yet ended for others.
create function outrun.await_writer(run uuid) returns void
language plpgsql as $$
begin
    perform from outrun.run t where t.id = await_writer.run for no key update;
    if not found then
        insert into outrun.run (id, tenant, queue, handler, shard, status, input, created_at, updated_at)
        values (run, 'outrun', '', '', 0, 'control', 'null', clock_timestamp(), clock_timestamp());
    end if;
    raise sqlstate 'OR100'; -- undoes it
exception when sqlstate 'OR100' or unique_violation then
    null;
end $$;

create function outrun.claim(run uuid, attempt int, worker text)
returns table (tenant text, queue text, handler text, input json, next_seq bigint)
language plpgsql as $$
declare
    waits     boolean;
    overtaken boolean;
    limited   text;
    r         outrun.run;
begin
    for look in 1 .. 2 loop
        select t.attempt = claim.attempt - 1 and t.status in ('queued', 'retrying'),
               t.attempt >= claim.attempt or t.finished_at is not null, q.name
        into waits, overtaken, limited
        from outrun.run t left join outrun.queue q on q.name = t.queue
        where t.id = claim.run;
        exit when waits or overtaken or look = 2;
        perform outrun.await_writer(run); -- whoever asks knows of a start, or an end of what the run waited for
    end loop;
    if waits and limited is not null and not outrun.admit(limited, run, attempt) then
        return;
    end if;
    update outrun.run t
    set attempt = claim.attempt, status = 'running', worker = claim.worker, retry_at = null,
        next_seq = t.next_seq + 1, updated_at = clock_timestamp()
    where t.id = claim.run and t.attempt = claim.attempt - 1 and t.status in ('queued', 'retrying')
    returning t.* into r;
    if not found then
        return query
            select t.tenant, t.queue, t.handler, t.input, t.next_seq from outrun.run t
            where t.id = claim.run and t.attempt = claim.attempt and t.status = 'running'
              and t.worker = claim.worker; -- said twice: the worker did not hear the first answer
        return;
    end if;
    perform outrun.write_outbox(run, r.next_seq - 1, r.tenant, r.shard, r.topicless, attempt,
        outrun.event_json('run.attempt.started', '{"worker":' || to_json(claim.worker) || '}'), r.updated_at);
    return query select r.tenant, r.queue, r.handler, r.input, r.next_seq;
end $$;
comment on function outrun.claim is
    'Makes this attempt the live one and says what to run; no row when it is not the next attempt of a waiting run, '
    'or its queue is paused, drains, or is at one of its limits. '
    'The worker that has it may say it again and gets the same answer.';

-- Ends a run: status, output or error, and its last event.
create function outrun.finish(run uuid, status text, output json, error json, type text, data text)
returns bigint
language plpgsql as $$
declare
    r outrun.run;
begin
    update outrun.run t
    set status = finish.status, output = finish.output, error = finish.error,
        next_seq = t.next_seq + 1, updated_at = clock_timestamp(), finished_at = clock_timestamp()
    where t.id = finish.run
    returning t.* into r;
    if status = 'failed' then
        insert into outrun.failed_run (run_id, queue, failed_at) values (run, r.queue, r.finished_at);
    end if;
    perform outrun.write_outbox(run, r.next_seq - 1, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json(type, data), r.updated_at);
    if r.parent_id is not null then
        perform outrun.child_ended(r, data);
    end if;
    return r.next_seq - 1;
end $$;

create function outrun.complete(run uuid, attempt int, output json, events json default null) returns bigint
language plpgsql as $$
declare
    n    bigint := case when events is null then 0 else outrun.check_events(events) end;
    data text := '{"output":' || coalesce(output::text, 'null') || '}';
    r    outrun.run;
begin
    if octet_length(output::text) > 1048576 then
        raise exception 'the output has % bytes, more than 1048576', octet_length(output::text)
            using errcode = 'OR006', hint = 'payload too large';
    end if;
    update outrun.run t
    set status = 'completed', output = complete.output, error = null,
        next_seq = t.next_seq + n + 1, updated_at = clock_timestamp(), finished_at = clock_timestamp()
    where t.id = complete.run and t.status = 'running' and t.attempt = complete.attempt
    returning t.* into r;
    if not found then
        select t.next_seq into r.next_seq from outrun.run t
        where t.id = complete.run and t.status = 'completed' and t.attempt = complete.attempt;
        if not found then
            perform outrun.refuse(run, attempt);
        end if;
        return r.next_seq - 1; -- said twice: the worker did not hear the first answer
    end if;
    perform outrun.write_outbox(run, r.next_seq - 1 - n, r.tenant, r.shard, r.topicless, attempt,
        (coalesce(left(rtrim(events::text, E' \t\n\r'), -1) || ',', '[')
            || '{"type":"run.completed","data":' || data || '}]')::json, r.updated_at);
    if r.parent_id is not null then
        perform outrun.child_ended(r, data);
    end if;
    return r.next_seq - 1;
end $$;
comment on function outrun.complete is
    'Ends the run with its output, and events of its last attempt before that, as append takes them; returns the seq of '
    'run.completed. Saying it twice is harmless. Raises OR001, OR002, OR003, OR005, OR006.';

create function outrun.fail(run uuid, attempt int, error json, retryable boolean default true) returns text
language plpgsql as $$
declare
    r outrun.run;
begin
    if octet_length(error::text) > 1048576 then
        raise exception 'the error has % bytes, more than 1048576', octet_length(error::text)
            using errcode = 'OR006', hint = 'payload too large';
    end if;
    select * into r from outrun.run t where t.id = fail.run for no key update;
    if r.attempt = fail.attempt and r.attempt > 0 and r.status in ('retrying', 'failed', 'cancelled') then
        return r.status; -- said twice
    elsif r.status is distinct from 'running' or r.attempt <> fail.attempt then
        perform outrun.refuse(run, attempt);
    end if;
    if r.cancel_requested_at is not null then
        perform outrun.finish(run, 'cancelled', null, error, 'run.cancelled', '{}');
        return 'cancelled';
    end if;
    update outrun.run t
    set status = 'retrying', error = fail.error, retry_at = null, next_seq = t.next_seq + 1,
        updated_at = clock_timestamp()
    where t.id = fail.run
    returning t.* into r;
    perform outrun.write_outbox(run, r.next_seq - 1, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json('run.attempt.failed',
            '{"error":' || coalesce(error::text, 'null') || ',"retryable":' || retryable || '}'),
        r.updated_at);
    return 'retrying';
end $$;
comment on function outrun.fail is
    'Ends the live attempt with an error and returns the run''s status: retrying until the engine has decided on '
    'another attempt or run.failed, or cancelled where that was asked for. Raises OR001, OR002, OR003, OR006.';

create function outrun.cancel(run uuid, reason text default null) returns text
language plpgsql as $$
declare
    r    outrun.run;
    data text := '{' || coalesce('"reason":' || to_json(reason), '') || '}';
begin
    select * into r from outrun.run t where t.id = cancel.run for no key update;
    if r.status = 'cancelled' then
        return r.status;
    elsif r.id is null or r.finished_at is not null or r.status = 'control' then
        perform outrun.refuse(run, null);
    elsif r.cancel_requested_at is not null then
        return r.status;
    end if;
    update outrun.run t
    set cancel_requested_at = clock_timestamp(), next_seq = t.next_seq + 1, updated_at = clock_timestamp()
    where t.id = cancel.run
    returning t.* into r;
    perform outrun.write_outbox(run, r.next_seq - 1, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json('run.cancel.requested', data), r.updated_at);
    if r.status <> 'running' then -- no attempt is live: nothing to interrupt
        perform outrun.finish(run, 'cancelled', null, null, 'run.cancelled', data);
        return 'cancelled';
    end if;
    return r.status;
end $$;
comment on function outrun.cancel is
    'Asks for the end of a run and returns its status: cancelled at once where no attempt is live, else running '
    'until the worker has stopped. Saying it twice is harmless. Raises OR001, OR002.';

-- Starts and the calls of attempts, for many runs at a time, in one transaction: a commit costs as much as what is done
-- in it. What would wait for somebody, or be refused, is left out, to be asked alone; so is whatever locks more than its
-- own run. An answer has the place of its question, from 1.

create function outrun.start_all(
    handlers text[], inputs json[], queues text[], tenants text[], ids uuid[], run_ats timestamptz[], retries json[],
    priorities int[], concurrency_keys text[], timeouts_ms bigint[], attempt_timeouts_ms bigint[]
) returns table (place int, run uuid)
language plpgsql as $$
begin
    for i in 1 .. cardinality(handlers) loop
        perform from outrun.handler h where h.name = handlers[i];
        if found then
            place := i;
            run := outrun.start_run(
                handler => handlers[i],
                input => inputs[i],
                queue => queues[i],
                tenant => tenants[i],
                id => ids[i],
                run_at => run_ats[i],
                retry => retries[i],
                priority => priorities[i],
                concurrency_key => concurrency_keys[i],
                timeout_ms => timeouts_ms[i],
                attempt_timeout_ms => attempt_timeouts_ms[i]);
            return next;
        end if;
    end loop;
end $$;

create function outrun.claim_all(runs uuid[], attempts int[], workers text[])
returns table (place int, tenant text, queue text, handler text, input json, next_seq bigint)
language plpgsql as $$
begin
    for i in 1 .. cardinality(runs) loop
        perform from outrun.run t left join outrun.queue q on q.name = t.queue
        where t.id = runs[i] and t.attempt = attempts[i] - 1 and t.status in ('queued', 'retrying')
          and coalesce(q.concurrency, q.concurrency_per_key, q.rate_limit) is null
          and (q.name is null or pg_try_advisory_xact_lock_shared(outrun.queue_lock(q.name)))
        for no key update of t skip locked;
        if found then
            return query select i, c.* from outrun.claim(runs[i], attempts[i], workers[i]) c;
        end if;
    end loop;
end $$;

create function outrun.append_all(runs uuid[], attempts int[], events json[]) returns table (place int, seq bigint)
language plpgsql as $$
begin
    for i in 1 .. cardinality(runs) loop
        perform from outrun.run t
        where t.id = runs[i] and t.attempt = attempts[i] and t.status = 'running'
        for no key update skip locked;
        if found then
            place := i;
            seq := outrun.append(runs[i], attempts[i], events[i]);
            return next;
        end if;
    end loop;
end $$;

create function outrun.complete_all(runs uuid[], attempts int[], outputs json[], events json[])
returns table (place int, seq bigint)
language plpgsql as $$
begin
    for i in 1 .. cardinality(runs) loop
        perform from outrun.run t
        where t.id = runs[i] and t.attempt = attempts[i] and t.status = 'running' and t.parent_id is null
        for no key update skip locked;
        if found then
            place := i;
            seq := outrun.complete(runs[i], attempts[i], outputs[i], events[i]);
            return next;
        end if;
    end loop;
end $$;
