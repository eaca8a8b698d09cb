-- What windows of analytics must say, from the log itself: a row for each window.
-- Parameters: how long windows are, whether queues and whether handlers have windows of their own.
with event as (
    select date_bin(?::interval, e.time, 'epoch') as start,
           case when ? then r.queue end as queue,
           case when ? then r.handler end as handler,
           e.*
    from outrun.run_event e
    join outrun.run r on r.id = e.run_id
),
counted as (
    select start, queue, handler,
           count(*) filter (where type = 'run.requested') as requested,
           count(*) filter (where type = 'run.attempt.started') as started,
           count(*) filter (where type = 'run.completed') as completed,
           count(*) filter (where type = 'run.failed') as failed,
           count(*) filter (where type = 'run.cancelled') as cancelled,
           count(*) filter (where type = 'run.retry.scheduled') as retried,
           count(*) as events,
           sum(octet_length(data::text)) as bytes
    from event
    group by start, queue, handler
),
took as (
    select e.start, e.queue, e.handler, 'queue_wait_ms' as timing,
           greatest(e.time - (
               select case when d.type = 'run.requested'
                           then greatest(d.time, (d.data ->> 'run_at')::timestamptz)
                           else (d.data ->> 'at')::timestamptz end
               from event d
               where d.run_id = e.run_id and d.seq < e.seq
                 and d.type in ('run.requested', 'run.retry.scheduled')
               order by d.seq desc limit 1), '0') as took
    from event e
    where e.type = 'run.attempt.started'
    union all
    select e.start, e.queue, e.handler, 'duration_ms', e.time - r.time
    from event e
    join event r on r.run_id = e.run_id and r.seq = 0
    where e.type in ('run.completed', 'run.failed', 'run.cancelled')
    union all
    (select distinct on (s.run_id, s.attempt)
            e.start, e.queue, e.handler, 'first_event_ms', e.time - s.time
     from event s
     join event e on e.run_id = s.run_id and e.attempt = s.attempt and e.seq > s.seq
     where s.type = 'run.attempt.started' and e.type not like 'run.%'
     order by s.run_id, s.attempt, e.seq)
),
measured as (
    select start, queue, handler, timing,
           array_agg(extract(epoch from took) * 1000 order by took) as ms
    from took
    group by start, queue, handler, timing
)
select to_char(start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as start, queue, handler,
       requested, started, completed, failed, cancelled, retried, events, bytes,
       (select json_object_agg(timing, json_build_object(
                   'count', cardinality(ms),
                   'p50', ms[1 + floor(0.50 * (cardinality(ms) - 1))],
                   'p90', ms[1 + floor(0.90 * (cardinality(ms) - 1))],
                   'p99', ms[1 + floor(0.99 * (cardinality(ms) - 1))],
                   'max', ms[cardinality(ms)]))
        from measured m
        where (m.start, m.queue, m.handler) is not distinct from (c.start, c.queue, c.handler)) as timings
from counted c
order by c.start, queue nulls first, handler nulls first
