-- What the engine decides. Conditional: a decision that is late, doubled or overtaken changes nothing and is false.

-- Locks the run that a decision is about, and returns it.
create function outrun.lock_run(run uuid) returns outrun.run
language plpgsql as $$
declare
    r outrun.run;
begin
    select * into r from outrun.run t where t.id = lock_run.run for no key update;
    if not found then
        perform outrun.await_writer(run);
        select * into r from outrun.run t where t.id = lock_run.run for no key update;
    end if;
    return r;
end $$;

create function outrun.record_attempt_lost(run uuid, attempt int, reason text) returns boolean
language plpgsql as $$
declare
    r outrun.run := outrun.lock_run(run);
begin
    if (r.status = 'running' and r.attempt = record_attempt_lost.attempt) is not true then
        return false;
    end if;
    perform outrun.fail(run, attempt,
        ('{"code":"attempt_lost","message":' || to_json(reason) || '}')::json, true);
    return true;
end $$;

create function outrun.record_retry(run uuid, attempt int, at timestamptz) returns boolean
language plpgsql as $$
declare
    r outrun.run := outrun.lock_run(run);
begin
    if (r.status = 'retrying' and r.attempt = record_retry.attempt and r.retry_at is null) is not true then
        return false;
    end if;
    update outrun.run t
    set retry_at = record_retry.at, next_seq = t.next_seq + 1, updated_at = clock_timestamp()
    where t.id = record_retry.run
    returning t.* into r;
    perform outrun.write_outbox(run, r.next_seq - 1, r.tenant, r.shard, r.topicless, r.attempt,
        outrun.event_json('run.retry.scheduled',
            '{"attempt":' || (attempt + 1) || ',"at":' || outrun.json_instant(at) || '}'),
        r.updated_at);
    return true;
end $$;

create function outrun.record_failed(run uuid, attempt int) returns boolean
language plpgsql as $$
declare
    r outrun.run := outrun.lock_run(run);
begin
    if (r.status = 'retrying' and r.attempt = record_failed.attempt) is not true then
        return false;
    end if;
    perform outrun.finish(run, 'failed', null, r.error, 'run.failed',
        '{"error":' || coalesce(r.error::text, 'null') || '}');
    return true;
end $$;

create function outrun.record_cancelled(run uuid, attempt int) returns boolean
language plpgsql as $$
declare
    r outrun.run := outrun.lock_run(run);
begin
    if (r.finished_at is null and r.attempt = record_cancelled.attempt
        and r.cancel_requested_at is not null) is not true then
        return false;
    end if;
    perform outrun.finish(run, 'cancelled', null, null, 'run.cancelled', '{}');
    return true;
end $$;

create function outrun.record_attempt_timed_out(run uuid, attempt int) returns boolean
language plpgsql as $$
declare
    r outrun.run := outrun.lock_run(run);
begin
    if (r.status = 'running' and r.attempt = record_attempt_timed_out.attempt) is not true then
        return false;
    end if;
    perform outrun.fail(run, attempt, '{"code":"attempt_timeout","message":"the attempt took too long"}', true);
    return true;
end $$;

create function outrun.record_timed_out(run uuid, attempt int) returns boolean
language plpgsql as $$
declare
    error constant json := '{"code":"run_timeout","message":"the run took too long"}';
    r     outrun.run := outrun.lock_run(run);
begin
    if (r.finished_at is null and r.attempt = record_timed_out.attempt) is not true then
        return false;
    elsif r.cancel_requested_at is not null then
        perform outrun.finish(run, 'cancelled', null, null, 'run.cancelled', '{}');
    else
        perform outrun.finish(run, 'failed', null, error, 'run.failed', '{"error":' || error || '}');
    end if;
    return true;
end $$;

create function outrun.record_resumed(run uuid, attempt int) returns boolean
language plpgsql as $$
declare
    r outrun.run := outrun.lock_run(run);
begin
    if (r.status = 'suspended' and r.attempt = record_resumed.attempt and r.wake_at is not null) is not true then
        return false;
    end if;
    perform outrun.wake(run, '"time"');
    return true;
end $$;
