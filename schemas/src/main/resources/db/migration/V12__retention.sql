-- How the outbox is kept from growing for ever: by whole days, of which nobody needs an event any more.

-- Whether nobody needs what a partition of the outbox has: all of it is published, by every connector that there is,
-- and every run in it ended before a time and has no topic any more, which would be made again from here. The logs of
-- queues and schedules never end, and nobody reads them from here once they are published.
create function outrun.is_outbox_over(part regclass, ended_before timestamptz) returns boolean
language plpgsql stable as $$
declare
    over boolean;
begin
    if not exists (select from outrun.watermark) or exists (
        select from outrun.cluster c
        cross join generate_series(0, c.shards - 1) shard
        cross join (select distinct w.connector from outrun.watermark w) by
        where not exists (select from outrun.watermark w
                          where w.connector = by.connector and shard % w.splits = w.split)) then
        return false; -- a connector has not begun
    end if;
    execute format(
        $query$
        select not exists (
                select from %1$s o left join outrun.run r on r.id = o.run_id
                where r.status is distinct from 'control'
                  and ((r.finished_at < $1 and (r.topicless or r.topic_deleted_at is not null)) is not true
                       or exists (select from outrun.halted_run h where h.run_id = o.run_id)))
            and not exists (
                select from %1$s o
                cross join (select distinct w.connector from outrun.watermark w) by
                where o.xid >= (select min(pg_snapshot_xmin(w.snapshot)::text::bigint) from outrun.watermark w)
                  and not exists (select from outrun.watermark w
                                  where w.connector = by.connector and (o.shard & 1023) %% w.splits = w.split
                                    and pg_visible_in_snapshot(o.xid::text::xid8, w.snapshot)))
        $query$, part)
    into over using ended_before;
    return over;
end $$;

-- An append locks no partition but its own day's, so writers only wait while the partition is taken out of the table.
-- That has to wait for whoever reads the table at this moment, and everybody behind it: not for long.
create function outrun.drop_outbox_day(keep interval) returns date
language plpgsql set lock_timeout = '500ms' as $$
declare
    ended_before timestamptz := now() - keep;
    part         regclass;
    day          date;
begin
    for part, day in
        select i.inhrelid::regclass, to_date(right(c.relname, 8), 'YYYYMMDD')
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'outrun.run_outbox'::regclass and c.relname ~ '^run_outbox_\d{8}$'
        order by c.relname
    loop
        exit when (day + 1)::timestamp at time zone 'UTC' > ended_before;
        continue when not outrun.is_outbox_over(part, ended_before);
        execute format('lock table %s in share mode', part);
        continue when not outrun.is_outbox_over(part, ended_before); -- whoever had it before may have written
        execute format(
            'delete from outrun.failed_run f where exists (select from %s o where o.run_id = f.run_id)', part);
        execute format('drop table %s', part);
        return day;
    end loop;
    return null;
exception when lock_not_available then
    return null; -- it is free another time
end $$;
comment on function outrun.drop_outbox_day is
    'Drops the first day of the outbox, in UTC, that nobody needs any more, and returns it; null where there is none: to '
    'be called until then. A day is needed while a run that has events in it is open, ended less than keep ago, or has a '
    'topic, and while an event of it is not published. Null as well while the table is in use.';
