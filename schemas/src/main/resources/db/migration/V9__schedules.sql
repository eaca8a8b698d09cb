-- Schedules: starts that come again and again. The engine says when an occurrence is due; what counts is here.

-- One of cron's five fields: *, values, ranges and steps, in a list. The first name is 1.
create function outrun.is_cron_field(field text, lowest int, highest int, names text[]) returns boolean
language plpgsql immutable as $$
declare
    part  text;
    m     text[];
    first int;
    last  int;
begin
    foreach part in array string_to_array(lower(field), ',') loop
        m := regexp_match(part, '^(?:\*|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(/[0-9]{1,2})?$');
        first := coalesce(array_position(names, m[1]), substring(m[1] from '[0-9]+')::int);
        last := coalesce(array_position(names, m[2]), substring(m[2] from '[0-9]+')::int);
        if m is null
            or m[1] is not null and (first between lowest and highest) is not true
            or m[2] is not null and (last between first and highest) is not true
            or substring(m[3] from 2)::int not between 1 and highest then
            return false;
        end if;
    end loop;
    return true;
end $$;

create function outrun.is_cron(cron text) returns boolean
language plpgsql immutable strict as $$
declare
    field text[] := regexp_split_to_array(btrim(cron), ' +');
begin
    if cron in ('@hourly', '@daily', '@weekly', '@monthly', '@yearly') then
        return true;
    end if;
    return array_length(field, 1) = 5
        and outrun.is_cron_field(field[1], 0, 59, '{}')
        and outrun.is_cron_field(field[2], 0, 23, '{}')
        and outrun.is_cron_field(field[3], 1, 31, '{}')
        and outrun.is_cron_field(field[4], 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}')
        and outrun.is_cron_field(field[5], 0, 7, '{mon,tue,wed,thu,fri,sat,sun}')
        and field[5] !~ '/0?7'; -- not every step of a week is one in Java; none is needed
end $$;

-- Area and city, or UTC: names that mean the same to every tzdata, and no rules of somebody's own.
create function outrun.is_time_zone(name text) returns boolean
language plpgsql stable strict as $$
begin
    return name ~ '^(UTC|[A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+)+)$' and now() at time zone name is not null;
exception when invalid_parameter_value then
    return false;
end $$;

-- Raises what a start of it would: one is made, and unmade.
create function outrun.check_scheduled(run json, tenant text, name text) returns void
language plpgsql as $$
begin
    if json_typeof(run) is distinct from 'object' or exists (
            select from json_object_keys(run) k
            where k not in ('handler', 'input', 'queue', 'priority', 'concurrency_key', 'dedupe_key', 'dedupe_ms',
                            'retry', 'timeout_ms', 'attempt_timeout_ms')) then
        raise exception 'a schedule''s run is an object of handler, input, queue, priority, concurrency_key, '
            'dedupe_key, dedupe_ms, retry, timeout_ms and attempt_timeout_ms'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    perform outrun.start_from(run, tenant, schedule => name);
    raise exception using errcode = 'OR099';
exception when sqlstate 'OR099' then
    return;
end $$;

-- The schedule, as the engine has to know it.
create function outrun.schedule_json(s outrun.schedule) returns text
language sql stable as $$
    select '{"tenant":' || to_json(s.tenant) || ',"schedule":' || to_json(s.name)
        || coalesce(',"cron":' || to_json(s.cron) || ',"time_zone":' || to_json(s.time_zone), '')
        || coalesce(',"every_ms":' || s.every_ms, '')
        || coalesce(',"starts_at":' || outrun.json_instant(s.starts_at), '')
        || coalesce(',"ends_at":' || outrun.json_instant(s.ends_at), '')
        || ',"catch_up":' || to_json(s.catch_up) || ',"paused":' || s.paused
        || ',"after":' || outrun.json_instant(s.after) || '}'
$$;

-- Writes into a schedule's log, and returns the seq.
create function outrun.write_schedule_log(log uuid, type text, data text) returns bigint
language plpgsql as $$
declare
    r outrun.run;
begin
    update outrun.run t
    set next_seq = t.next_seq + 1, updated_at = clock_timestamp(),
        finished_at = case when type = 'schedule.deleted' then clock_timestamp() end
    where t.id = log
    returning t.* into r;
    perform outrun.write_outbox(log, r.next_seq - 1, r.tenant, r.shard, r.topicless, 0, outrun.event_json(type, data), r.updated_at);
    return r.next_seq - 1;
end $$;

create function outrun.changed_schedule(s outrun.schedule) returns void
language plpgsql as $$
begin
    s.changed_seq := outrun.write_schedule_log(s.log, 'schedule.changed', outrun.schedule_json(s));
    update outrun.schedule t
    set cron = s.cron, time_zone = s.time_zone, every_ms = s.every_ms, starts_at = s.starts_at, ends_at = s.ends_at,
        catch_up = s.catch_up, run = s.run, paused = s.paused, after = s.after, changed_seq = s.changed_seq,
        updated_at = clock_timestamp()
    where t.log = s.log;
end $$;

-- The schedule, its row locked; raises OR009 where there is none.
create function outrun.known_schedule(name text, tenant text) returns outrun.schedule
language plpgsql as $$
declare
    s outrun.schedule;
begin
    select * into s from outrun.schedule t
    where t.tenant = known_schedule.tenant and t.name = known_schedule.name for update;
    if not found then
        raise exception 'unknown schedule %', name
            using errcode = 'OR009', hint = 'unknown schedule';
    end if;
    return s;
end $$;

-- A time in a schedule; raises OR008 where it is none.
create function outrun.schedule_time(schedule json, name text) returns timestamptz
language plpgsql stable as $$
declare
    at timestamptz;
begin
    at := schedule ->> name;
    if at is null or json_typeof(schedule -> name) = 'string'
            and at between '1970-01-01T00:00:00Z' and '9999-01-01T00:00:00Z' then
        return at;
    end if;
    raise datetime_field_overflow;
exception when invalid_datetime_format or datetime_field_overflow then
    raise exception '% must be a time such as 2026-01-31T12:00:00Z', name
        using errcode = 'OR008', hint = 'invalid request';
end $$;

create function outrun.put_schedule(name text, schedule json, tenant text default 'default') returns void
language plpgsql as $$
declare
    now  constant timestamptz := clock_timestamp();
    s    outrun.schedule;
    said outrun.schedule;
begin
    if name is null or not outrun.is_queue_name(name) then
        raise exception 'a schedule''s name must be 1 to 63 of a-z, 0-9 and . _ -, starting with a letter or digit'
            using errcode = 'OR008', hint = 'invalid request';
    elsif json_typeof(schedule) is distinct from 'object' or exists (
            select from json_object_keys(schedule) k
            where k not in ('cron', 'time_zone', 'every_ms', 'starts_at', 'ends_at', 'catch_up', 'run')) then
        raise exception 'a schedule is an object of cron and time_zone, or every_ms, starts_at, ends_at, catch_up '
            'and run'
            using errcode = 'OR008', hint = 'invalid request';
    elsif (schedule ->> 'cron' is null) = (schedule ->> 'every_ms' is null)
            or schedule ->> 'cron' is null and schedule ->> 'time_zone' is not null then
        raise exception 'a schedule has either a cron, in its time_zone, or every_ms'
            using errcode = 'OR008', hint = 'invalid request';
    elsif not outrun.is_cron(schedule ->> 'cron') then
        raise exception 'cron must be minute, hour, day of the month, month and day of the week, of numbers, *, '
            'ranges, lists and steps, or @hourly, @daily, @weekly, @monthly or @yearly'
            using errcode = 'OR008', hint = 'invalid request';
    elsif not outrun.is_time_zone(schedule ->> 'time_zone') then
        raise exception 'time_zone must be UTC, or the name of one such as Europe/Berlin'
            using errcode = 'OR008', hint = 'invalid request';
    elsif (schedule -> 'every_ms')::text !~ '^([0-9]{4,11}|null)$'
            or (schedule ->> 'every_ms')::bigint not between 1000 and 31622400000 then
        raise exception 'every_ms must be 1000 to 31622400000'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    perform outrun.check_scheduled(schedule -> 'run', tenant, name);

    perform pg_advisory_xact_lock(hashtextextended('outrun.schedule ' || tenant || ' ' || name, 0));
    select * into s from outrun.schedule t
    where t.tenant = put_schedule.tenant and t.name = put_schedule.name for update;
    if not found then
        insert into outrun.run (id, tenant, queue, handler, shard, status, input, created_at, updated_at)
        values (outrun.new_run_id(), 'outrun', name, 'schedule',
                (hashtextextended(tenant || ' ' || name, 0) & 1073741823) % (select c.shards from outrun.cluster c),
                'control', 'null', now, now)
        returning id into s.log;
        insert into outrun.schedule (tenant, name, catch_up, run, after, log, changed_seq, created_at, updated_at)
        values (tenant, name, 'one', 'null', now, s.log, 0, now, now)
        returning * into s;
    end if;

    said := s;
    said.cron := schedule ->> 'cron';
    said.time_zone := case when said.cron is not null then coalesce(schedule ->> 'time_zone', 'UTC') end;
    said.every_ms := schedule ->> 'every_ms';
    said.starts_at := outrun.schedule_time(schedule, 'starts_at');
    if said.every_ms is not null and said.starts_at is null then
        said.starts_at := case when said.every_ms = s.every_ms then s.starts_at
                               else date_trunc('milliseconds', now) + said.every_ms * interval '1 ms' end;
    end if;
    said.ends_at := outrun.schedule_time(schedule, 'ends_at');
    said.catch_up := coalesce(outrun.changed_word(schedule, 'catch_up', 'one', '{skip,one,all}'), 'one');
    said.run := schedule -> 'run';
    if (said.cron, said.time_zone, said.every_ms, said.starts_at)
            is distinct from (s.cron, s.time_zone, s.every_ms, s.starts_at) then
        said.after := now; -- what was missed of another recurrence is not caught up with
    end if;
    if (said.cron, said.time_zone, said.every_ms, said.starts_at, said.ends_at, said.catch_up, said.run::text)
            is distinct from (s.cron, s.time_zone, s.every_ms, s.starts_at, s.ends_at, s.catch_up, s.run::text) then
        perform outrun.changed_schedule(said);
    end if;
end $$;
comment on function outrun.put_schedule is
    'Makes a schedule, or makes it this one: {"cron", "time_zone"} or {"every_ms"}, and "starts_at", "ends_at", '
    '"catch_up" (skip, one, all) and "run", each but the first and the last optional. Said again it changes nothing; '
    'a paused schedule stays paused. From the transaction''s commit on. Raises OR004, OR006, OR008.';

create function outrun.pause_schedule(name text, tenant text default 'default') returns boolean
language plpgsql as $$
declare
    s outrun.schedule := outrun.known_schedule(name, tenant);
begin
    if s.paused then
        return false;
    end if;
    s.paused := true;
    perform outrun.changed_schedule(s);
    return true;
end $$;
comment on function outrun.pause_schedule is
    'Lets nothing be started by the schedule; false if it was paused already. Raises OR009.';

create function outrun.resume_schedule(name text, tenant text default 'default') returns boolean
language plpgsql as $$
declare
    s outrun.schedule := outrun.known_schedule(name, tenant);
begin
    if not s.paused then
        return false;
    end if;
    s.paused := false;
    s.after := clock_timestamp();
    perform outrun.changed_schedule(s);
    return true;
end $$;
comment on function outrun.resume_schedule is
    'Has a paused schedule go on with its next occurrence: what it would have started meanwhile is not caught up '
    'with. False if it was not paused. Raises OR009.';

create function outrun.delete_schedule(name text, tenant text default 'default') returns void
language plpgsql as $$
declare
    s outrun.schedule := outrun.known_schedule(name, tenant);
begin
    delete from outrun.schedule t where t.log = s.log;
    perform outrun.write_schedule_log(s.log, 'schedule.deleted', '{}');
end $$;
comment on function outrun.delete_schedule is
    'Ends a schedule; the runs it has started go on. Raises OR009.';

create function outrun.trigger_schedule(name text, tenant text default 'default') returns uuid
language plpgsql as $$
declare
    s outrun.schedule := outrun.known_schedule(name, tenant);
begin
    return outrun.start_from(s.run, tenant, schedule => s.name);
end $$;
comment on function outrun.trigger_schedule is
    'Starts the schedule''s run out of turn, paused or not, and returns its id. Its occurrences come as before. '
    'Raises OR009.';

-- What the engine decides of a schedule: as conditional as what it decides of runs. An occurrence fires once at most.

create function outrun.record_fired(log uuid, changed bigint, at timestamptz, missed bigint) returns boolean
language plpgsql as $$
declare
    s       outrun.schedule;
    started uuid;
    error   json;
begin
    -- Locked first: what was decided follows from a change that is in the log a moment before it is seen here.
    select * into s from outrun.schedule t where t.log = record_fired.log for update;
    if (s.changed_seq = changed and not s.paused and s.after < at) is not true then
        return false;
    end if;
    begin
        started := outrun.start_from(s.run, s.tenant, schedule => s.name, scheduled_at => at,
            idempotency_key => 'schedule:' || s.name || ':' || (outrun.json_instant(at)::json #>> '{}'));
    exception when sqlstate 'OR004' or sqlstate 'OR006' or sqlstate 'OR008' then
        error := to_json(sqlerrm); -- it was fit to start when it was put, and is not now
    end;
    update outrun.schedule t set after = at, last_at = at, last_run = started where t.log = record_fired.log;
    perform outrun.write_schedule_log(log, 'schedule.fired', '{"at":' || outrun.json_instant(at)
        || coalesce(',"run":"' || started || '"', '') || coalesce(',"error":' || error, '')
        || ',"missed":' || missed || '}');
    return true;
end $$;

create function outrun.record_skipped(log uuid, changed bigint, at timestamptz, missed bigint) returns boolean
language plpgsql as $$
declare
    s outrun.schedule;
begin
    select * into s from outrun.schedule t where t.log = record_skipped.log for update; -- as above
    if (s.changed_seq = changed and not s.paused and s.after < at) is not true then
        return false;
    end if;
    update outrun.schedule t set after = at where t.log = record_skipped.log;
    perform outrun.write_schedule_log(log, 'schedule.skipped',
        '{"at":' || outrun.json_instant(at) || ',"missed":' || missed || '}');
    return true;
end $$;
