-- Flows: runs that others have started, and what becomes of the one when the other ends.
-- Locks are taken from a child to its parent, never the other way round.

-- all, any or a number, as outrun.run.wake_children has it.
create function outrun.children_awaited(children text) returns int
language plpgsql immutable as $$
begin
    if children is null then
        return null;
    elsif children = 'all' then
        return -1;
    elsif children = 'any' then
        return 1;
    elsif children ~ '^[1-9][0-9]{0,4}$' then
        return children::int;
    end if;
    raise exception 'a run waits for all, any, or 1 to 99999 of its children'
        using errcode = 'OR008', hint = 'invalid request';
end $$;

create function outrun.child_started(parent uuid, child uuid, tenant text, queue text, handler text) returns void
language plpgsql as $$
declare
    r outrun.run;
begin
    update outrun.run t
    set children = t.children + 1, next_seq = t.next_seq + 1, updated_at = clock_timestamp()
    where t.id = child_started.parent and t.finished_at is null and t.tenant = child_started.tenant
      and t.children < 10000
    returning t.* into r;
    if not found then
        if exists (select from outrun.run t where t.id = child_started.parent and t.children >= 10000) then
            raise exception 'run % has 10000 children', parent
                using errcode = 'OR008', hint = 'invalid request';
        end if;
        perform outrun.refuse(
            (select t.id from outrun.run t where t.id = child_started.parent and t.tenant = child_started.tenant), null);
    end if;
    perform outrun.write_outbox(r.id, r.next_seq - 1, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json('run.child.started', '{"child":"' || child || '","queue":' || to_json(queue)
            || ',"handler":' || to_json(handler) || '}'), r.updated_at);
end $$;

-- A child's end in its parent's log, and what follows from it for the parent. The data is that of the child's last
-- event.
create function outrun.child_ended(child outrun.run, data text) returns void
language plpgsql as $$
declare
    r     outrun.run;
    error text;
begin
    update outrun.run t
    set children_ended = t.children_ended + 1, next_seq = t.next_seq + 1, updated_at = clock_timestamp()
    where t.id = child.parent_id and t.finished_at is null
    returning t.* into r;
    if not found then
        return;
    end if;
    perform outrun.write_outbox(r.id, r.next_seq - 1, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json('run.child.ended', '{"child":"' || child.id || '","status":"' || child.status
            || '","result":' || data || '}'), r.updated_at);
    if child.status <> 'completed' and child.on_failure = 'fail_parent' then
        error := '{"code":"child_failed","message":"child ' || child.id || ' is ' || child.status || '"}';
        perform outrun.finish(r.id, 'failed', null, error::json, 'run.failed', '{"error":' || error || '}');
    else
        perform outrun.wake_if_children_ended(r);
    end if;
end $$;

create function outrun.wake_if_children_ended(r outrun.run) returns void
language plpgsql as $$
begin
    if r.status = 'suspended' and r.children > 0
        and (r.children_ended >= r.children or r.wake_children > 0 and r.children_ended >= r.wake_children)
        and r.wake_children is not null then
        perform outrun.wake(r.id, '"children"');
    end if;
end $$;

create function outrun.record_children_ended(run uuid, attempt int) returns boolean
language plpgsql as $$
declare
    child uuid;
    told  boolean := false;
begin
    perform from outrun.run t where t.id = record_children_ended.run and t.finished_at is not null;
    if not found then
        perform outrun.await_writer(run);
        perform from outrun.run t where t.id = record_children_ended.run and t.finished_at is not null;
        if not found then
            return false;
        end if;
    end if;
    for child in
        select t.id from outrun.run t
        where t.parent_id = record_children_ended.run and t.finished_at is null and not t.detached
          and t.cancel_requested_at is null
        order by t.id
        for no key update
    loop
        perform outrun.cancel(child, 'its parent has ended');
        told := true;
    end loop;
    return told;
end $$;

-- Starts a run as a JSON object says, whose fields are the caller's to check.
create function outrun.start_from(
    run json,
    tenant text,
    parent uuid default null,
    wait_for text default null,
    idempotency_key text default null,
    schedule text default null,
    scheduled_at timestamptz default null
) returns uuid
language plpgsql as $$
begin
    return outrun.start_run(
        handler => run ->> 'handler',
        input => coalesce(run -> 'input', 'null'),
        queue => coalesce(run ->> 'queue', 'default'),
        tenant => tenant,
        idempotency_key => idempotency_key,
        retry => run -> 'retry',
        priority => coalesce((run ->> 'priority')::int, 0),
        concurrency_key => run ->> 'concurrency_key',
        dedupe_key => run ->> 'dedupe_key',
        dedupe_ms => (run ->> 'dedupe_ms')::bigint,
        timeout_ms => (run ->> 'timeout_ms')::bigint,
        attempt_timeout_ms => (run ->> 'attempt_timeout_ms')::bigint,
        parent => parent,
        on_failure => coalesce(run ->> 'on_failure', 'continue'),
        detached => coalesce((run ->> 'detached')::boolean, false),
        wait_for => wait_for,
        schedule => schedule,
        scheduled_at => scheduled_at);
exception when invalid_text_representation or numeric_value_out_of_range then
    raise exception 'a run''s priority, timeouts and window are numbers, detached is true or false'
        using errcode = 'OR008', hint = 'invalid request';
end $$;

create function outrun.start_flow(flow json, tenant text default 'default', parent uuid default null) returns uuid
language plpgsql as $$
declare
    children json := flow -> 'children';
    root     uuid;
    child    json;
begin
    if json_typeof(flow) is distinct from 'object' or json_typeof(children) <> 'array' or exists (
            select from json_object_keys(flow) k
            where k not in ('handler', 'input', 'queue', 'priority', 'concurrency_key', 'retry', 'timeout_ms',
                            'attempt_timeout_ms', 'on_failure', 'detached', 'wait_for', 'children')) then
        raise exception 'a flow is an object of handler, input, queue, priority, concurrency_key, retry, timeout_ms, '
            'attempt_timeout_ms, on_failure, detached, wait_for and children, which are flows'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    root := outrun.start_from(flow, tenant, parent => parent,
        wait_for => coalesce(flow ->> 'wait_for', case when json_array_length(children) > 0 then 'all' end));
    for child in select c.value from json_array_elements(coalesce(children, '[]')) c loop
        perform outrun.start_flow(child, tenant, root);
    end loop;
    return root;
end $$;
comment on function outrun.start_flow is
    'Starts a tree of runs in the caller''s transaction and returns the id of its root. A run with children is '
    'suspended from its beginning until they have ended: all of them, or as many as wait_for says. '
    'Raises OR004, OR006, OR008.';
