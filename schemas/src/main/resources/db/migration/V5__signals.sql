-- Runs that give their worker back and wait: for a time, a signal, their children.

create function outrun.suspend(
    run uuid, attempt int, until timestamptz default null, signal text default null, next_seq bigint default null,
    children text default null
) returns boolean
language plpgsql as $$
declare
    r       outrun.run;
    awaited int := outrun.children_awaited(children);
begin
    if until is null and signal is null and children is null then
        raise exception 'a run is suspended until a time, a signal, the end of children, or whichever is first'
            using errcode = 'OR008', hint = 'invalid request';
    elsif signal is not null then
        perform outrun.check_signal_name(signal);
    end if;
    select * into r from outrun.run t where t.id = suspend.run for no key update;
    if r.status = 'suspended' and r.attempt = suspend.attempt then
        return true; -- said twice
    elsif r.status is distinct from 'running' or r.attempt <> suspend.attempt then
        perform outrun.refuse(run, attempt);
    elsif r.cancel_requested_at is not null then
        perform outrun.finish(run, 'cancelled', null, null, 'run.cancelled', '{}');
        return true;
    elsif suspend.next_seq <> r.next_seq then
        return false;
    end if;
    update outrun.run t
    set status = 'suspended', wake_at = suspend.until, wake_signal = suspend.signal, wake_children = awaited,
        next_seq = t.next_seq + 1, updated_at = clock_timestamp()
    where t.id = suspend.run
    returning t.* into r;
    perform outrun.write_outbox(run, r.next_seq - 1, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json('run.suspended', '{'
            || concat_ws(',', '"until":' || outrun.json_instant(until), '"signal":' || to_json(signal),
                '"children":' || to_json(children)) || '}'),
        r.updated_at);
    perform outrun.wake_if_children_ended(r);
    return true;
end $$;
comment on function outrun.suspend is
    'Ends the live attempt without an outcome: the run waits until a time, until a signal, until children have ended '
    '(all, any, or so many), or until whichever is first, and then has another attempt. With next_seq, the run''s as the worker has read it, false and nothing '
    'is done where something was appended since, such as the signal. Saying it twice is harmless. '
    'Raises OR001, OR002, OR003, OR008.';

create function outrun.check_signal_name(name text) returns void
language plpgsql immutable as $$
begin
    if name is null or length(name) > 128 or name !~ '^[A-Za-z0-9][A-Za-z0-9._-]*$' then
        raise exception 'a signal''s name must be 1 to 128 letters, digits and . _ -, the first a letter or digit'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
end $$;

-- Gives a suspended run, whose row is locked, its place in the queue back.
create function outrun.wake(run uuid, reason text) returns void
language plpgsql as $$
declare
    r outrun.run;
begin
    update outrun.run t
    set status = 'queued', wake_at = null, wake_signal = null, wake_children = null,
        next_seq = t.next_seq + 1, updated_at = clock_timestamp()
    where t.id = wake.run
    returning t.* into r;
    perform outrun.write_outbox(run, r.next_seq - 1, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json('run.resumed', '{"attempt":' || (r.attempt + 1) || ',"by":' || reason || '}'),
        r.updated_at);
end $$;

create function outrun.signal(run uuid, name text, data json default 'null') returns bigint
language plpgsql as $$
declare
    r   outrun.run;
    seq bigint;
begin
    perform outrun.check_signal_name(name);
    if octet_length(data::text) > 1048576 then
        raise exception 'the signal''s data has % bytes, more than 1048576', octet_length(data::text)
            using errcode = 'OR006', hint = 'payload too large';
    end if;
    update outrun.run t
    set next_seq = t.next_seq + 1, updated_at = clock_timestamp()
    where t.id = signal.run and t.finished_at is null and t.status <> 'control'
    returning t.* into r;
    if not found then
        perform outrun.refuse(run, null);
    end if;
    seq := r.next_seq - 1;
    perform outrun.write_outbox(run, seq, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json('run.signal.received',
            '{"name":' || to_json(name) || ',"data":' || coalesce(data::text, 'null') || '}'),
        r.updated_at);
    if r.status = 'suspended' and r.wake_signal = name then
        perform outrun.wake(run, '"signal"');
    end if;
    return seq;
end $$;
comment on function outrun.signal is
    'Tells an open run something, in the caller''s transaction, and returns the seq of run.signal.received. A run '
    'that is suspended until this signal goes on. Raises OR001, OR002, OR006, OR008.';

create function outrun.resume(run uuid) returns boolean
language plpgsql as $$
declare
    r outrun.run;
begin
    select * into r from outrun.run t where t.id = resume.run for no key update;
    if r.id is null or r.finished_at is not null or r.status = 'control' then
        perform outrun.refuse(run, null);
    elsif r.status <> 'suspended' then
        return false;
    end if;
    perform outrun.wake(run, '"request"');
    return true;
end $$;
comment on function outrun.resume is
    'Lets a suspended run go on at once, whatever it waits for; false if it is not suspended. Raises OR001, OR002.';
