-- The ledger's tables. Postgres is the only place where truth is written; see docs/ARCHITECTURE.md.

-- One row: what the whole installation must agree on.
create table outrun.cluster (
    only_row boolean primary key default true check (only_row),
    shards   int     not null default 4 check (shards between 1 and 1024)
);
insert into outrun.cluster default values;
comment on column outrun.cluster.shards is
    'Partitions of the firehose. Fixed once the first run has started: run.shard is a partition number.';

-- How queues differ from the default; a queue without a row has the defaults below. Changed by outrun.change_queue.
create table outrun.queue (
    name                text        primary key,
    mode                text        not null default 'active',
    ordering            text        not null default 'fifo',
    width               int         not null default 1,
    concurrency         int,
    concurrency_per_key int,
    rate_limit          int,
    rate_per_ms         int,
    run_topics          text        not null default 'each',
    created_at          timestamptz not null default clock_timestamp()
);
comment on column outrun.queue.mode is
    'active; paused: no attempt starts; draining: runs that have begun go on to their end, no other starts.';
comment on column outrun.queue.ordering is
    'fifo or lifo: among waiting runs of the same priority, by when each was ready.';
comment on column outrun.queue.width is
    'How many shards the queue''s runs are hashed over. 1 keeps its order strict. It never shrinks.';
comment on column outrun.queue.run_topics is
    'each: every run has a topic of its own; none: for floods of short runs, which are in the firehose and here alone.';
comment on column outrun.queue.concurrency is
    'Attempts live at once, as is concurrency_per_key of the runs with one concurrency key; null: no limit.';
comment on column outrun.queue.rate_limit is
    'Attempts started in any rate_per_ms milliseconds; null: no limit.';

-- A queue's log in each of its shards, where the engine reads what was changed, in order with the queue's runs.
create table outrun.queue_log (
    queue  text,
    shard  int,
    run_id uuid not null,
    primary key (queue, shard)
);

-- Attempts that hold a place in a queue with limits, or held it within its rate's period. Rows of attempts that are
-- over are left to the next claim.
create table outrun.queue_start (
    queue           text,
    run_id          uuid,
    attempt         int,
    concurrency_key text,
    at              timestamptz not null,
    primary key (queue, run_id, attempt)
);

-- Starts with a de-duplication key: until then, or while the run is open where until is null, another start with the
-- same key is this run.
create table outrun.dedupe (
    tenant text,
    queue  text,
    key    text,
    run_id uuid not null,
    until  timestamptz,
    primary key (tenant, queue, key)
);
create index dedupe_until on outrun.dedupe (until);

-- Starts that come again and again. The engine says when one is due; see outrun.record_fired.
create table outrun.schedule (
    tenant      text,
    name        text,
    cron        text,
    time_zone   text,
    every_ms    bigint,
    starts_at   timestamptz,
    ends_at     timestamptz,
    catch_up    text        not null,
    run         json        not null,
    paused      boolean     not null default false,
    after       timestamptz not null,
    last_at     timestamptz,
    last_run    uuid,
    log         uuid        not null,
    changed_seq bigint      not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    primary key (tenant, name)
);
create unique index schedule_log on outrun.schedule (log);
comment on column outrun.schedule.run is
    'What is started, as outrun.start_flow has it of one run.';
comment on column outrun.schedule.after is
    'Occurrences later than this are still to come.';
comment on column outrun.schedule.last_at is
    'The last occurrence that has fired, as last_run is the run it has started.';
comment on column outrun.schedule.log is
    'The schedule''s log, in the firehose: schedule.changed, the last of which is changed_seq, schedule.fired, '
    'schedule.skipped and schedule.deleted.';

-- What workers offer to run. A run whose handler nobody has ever offered is refused when it is started.
create table outrun.handler (
    name          text        primary key check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    registered_at timestamptz not null default clock_timestamp()
);

-- No check constraints: Postgres would evaluate every one of them anew in every append, which updates the row,
-- for a tenth of its cost. The functions let nothing else in.
create table outrun.run (
    id                  uuid        primary key,
    tenant              text        not null,
    queue               text        not null,
    handler             text        not null,
    shard               int         not null,
    topicless           boolean,
    priority            int         not null default 0,
    concurrency_key     text,
    status              text        not null,
    attempt             int         not null default 0,
    next_seq            bigint      not null default 0,
    input               json        not null,
    output              json,
    error               json,
    worker              text,
    idempotency_key     text,
    run_at              timestamptz,
    retry_at            timestamptz,
    wake_at             timestamptz,
    wake_signal         text,
    wake_children       int,
    parent_id           uuid,
    on_failure          text        not null default 'continue',
    detached            boolean     not null default false,
    children            int         not null default 0,
    children_ended      int         not null default 0,
    cancel_requested_at timestamptz,
    forked_from         uuid,
    forked_at           bigint,
    schedule            text,
    scheduled_at        timestamptz,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    finished_at         timestamptz,
    topic_deleted_at    timestamptz
) with (fillfactor = 70); -- every append updates its run's row: room for the new version on the same page

comment on column outrun.run.status is
    'queued, running, retrying, suspended, completed, failed or cancelled; control is no run, but the log of a queue '
    'or schedule.';
comment on column outrun.run.topicless is
    'True where the run has no topic of its own, since its queue''s have none; fixed when it starts. Null elsewhere.';
comment on column outrun.run.wake_at is
    'When a suspended run goes on at the latest, as wake_signal is the signal that it goes on at; null: never.';
comment on column outrun.run.wake_children is
    'Of how many of its children a suspended run awaits the end; -1: of all.';
comment on column outrun.run.on_failure is
    'What a child that has not completed does to its parent: continue or fail_parent.';
comment on column outrun.run.detached is
    'Whether a child goes on when its parent has ended; else it is cancelled.';
comment on column outrun.run.forked_from is
    'The run whose first forked_at events its log begins with.';
comment on column outrun.run.scheduled_at is
    'The occurrence of its schedule that the run was started for; null where somebody asked for it out of turn.';
comment on column outrun.run.priority is
    'Of the runs that wait in a queue, the greatest goes first.';
comment on column outrun.run.attempt is
    'The attempt that may write, or wrote last; 0 before the first claim. Only ever rises (I4).';
comment on column outrun.run.next_seq is
    'The seq the next event gets, under this row''s lock (I1).';
comment on column outrun.run.topic_deleted_at is
    'When the reaper gave the run''s topic up, all of its log being published: from then on it is read from here.';

create unique index run_idempotency on outrun.run (tenant, idempotency_key)
    where idempotency_key is not null;
create index run_newest on outrun.run (tenant, created_at desc, id desc);
create index run_open on outrun.run (tenant, created_at desc, id desc)
    where finished_at is null;
create index run_child on outrun.run (parent_id, created_at desc, id desc)
    where parent_id is not null;
create index run_forked_from on outrun.run (forked_from)
    where forked_from is not null;
create index run_of_schedule on outrun.run (tenant, schedule, created_at desc, id desc)
    where schedule is not null;
create index run_open_in_queue on outrun.run (queue, id)
    where finished_at is null;

-- Runs that have failed and not been redriven: somebody may have to look.
create table outrun.failed_run (
    run_id    uuid        primary key,
    queue     text        not null,
    failed_at timestamptz not null
);
create index failed_run_in_queue on outrun.failed_run (queue, failed_at);

-- One row is one append: 1..N consecutive events of one run. json, not jsonb: consumers get what was
-- appended, byte for byte.
create table outrun.run_outbox (
    run_id      uuid        not null,
    first_seq   bigint      not null,
    tenant      text        not null,
    shard       int         not null,
    attempt     int         not null,
    events      json        not null,
    appended_at timestamptz not null,
    appended_us bigint      not null,
    trace       text,
    xid         bigint      not null default pg_current_xact_id()::text::bigint,
    topicless   boolean,
    primary key (run_id, first_seq, appended_at)
) partition by range (appended_at);

-- For what no watermark covers yet. A microsecond for each append: they come nearly in this order.
create index run_outbox_xid on outrun.run_outbox (xid);

comment on column outrun.run_outbox.appended_us is
    'appended_at in microseconds since 1970, for publishers: a number is read in a tenth of the time.';
comment on column outrun.run_outbox.xid is
    'The transaction that wrote it: a snapshot tells whether it had committed by then.';

-- Catches what no day's partition covers (a clock far off, a maintenance job long dead): never an error.
create table outrun.run_outbox_default partition of outrun.run_outbox default;

create function outrun.make_outbox_partitions(days_ahead int) returns int
language plpgsql as $$
declare
    day  date;
    name text;
    made int := 0;
begin
    for day in
        select d::date from generate_series(
            (now() at time zone 'UTC')::date,
            (now() at time zone 'UTC')::date + days_ahead,
            interval '1 day') d
    loop
        name := 'run_outbox_' || to_char(day, 'YYYYMMDD');
        continue when to_regclass('outrun.' || name) is not null;
        -- Rows of that day already went to the default partition: they stay there, published once.
        continue when exists (
            select from outrun.run_outbox_default o
            where o.appended_at >= day::timestamp at time zone 'UTC'
              and o.appended_at < (day + 1)::timestamp at time zone 'UTC');
        execute format(
            'create table outrun.%I partition of outrun.run_outbox for values from (%L) to (%L)',
            name, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
        made := made + 1;
    end loop;
    return made;
exception when duplicate_table then
    return made; -- another node makes them at this moment
end $$;
comment on function outrun.make_outbox_partitions is
    'Makes the outbox partitions from today to days_ahead days from now, in UTC; returns how many were missing.';

select outrun.make_outbox_partitions(7);

-- How far each of a connector's slots has come, moved about once a second while events are published.
-- A slot has the shards that leave the remainder split when divided by splits: see make_publications.
create table outrun.watermark (
    slot      text        primary key,
    connector text        not null,
    split     int         not null,
    splits    int         not null,
    snapshot  pg_snapshot not null,
    firehose  bigint[]    not null,
    at        timestamptz not null
);
comment on column outrun.watermark.snapshot is
    'Every event of the slot''s shards visible in it is published: in the firehose and in its run''s topic, acknowledged.';
comment on column outrun.watermark.firehose is
    'Per partition: no event of the slot''s shards that is not visible in the snapshot is in the firehose before this offset.';

-- Who publishes: one process per slot, until its time is up or it has given the lease back.
create table outrun.lease (
    slot      text        primary key,
    connector text        not null,
    splits    int         not null,
    epoch     bigint      not null,
    holder    text        not null,
    until     timestamptz not null,
    strays    bigint      not null default 0
);
comment on column outrun.lease.epoch is
    'Rises whenever another connector takes over; checkpoints of an earlier epoch do not count.';
comment on column outrun.lease.strays is
    'How often a connector has found that it may have published after it had lost the lease.';

-- Runs with an append that cannot be published. A row is gone when the run's events are published again.
create table outrun.halted_run (
    run_id      uuid        primary key,
    shard       int         not null,
    next_seq    bigint      not null,
    bad_seq     bigint      not null,
    reason      text        not null,
    halted_at   timestamptz not null default clock_timestamp(),
    resolved_at timestamptz
);
comment on column outrun.halted_run.next_seq is
    'Of this run nothing is published from this seq on, so that its log stays in order.';
comment on column outrun.halted_run.bad_seq is
    'The first seq of the append that cannot be published.';

-- outrun.repair writes it into the log as well: this is for connectors that do not read the log, or lack a part of it.
create table outrun.repair_request (
    run_id    uuid   not null,
    shard     int    not null,
    from_seq  bigint not null,
    until_seq bigint not null,
    xid       bigint not null default pg_current_xact_id()::text::bigint
);

comment on table outrun.repair_request is
    'Runs that somebody wants to be repaired. Done when a watermark covers it, and deleted with the next request.';

create view outrun.run_event as
select o.run_id,
       o.first_seq + e.ordinality - 1 as seq,
       e.value ->> 'type'             as type,
       o.attempt,
       o.appended_at                  as time,
       coalesce(e.value -> 'data', 'null') as data,
       exists (select from outrun.watermark w
               where (o.shard & 1023) % w.splits = w.split
                 and pg_visible_in_snapshot(o.xid::text::xid8, w.snapshot))
           and not exists (select from outrun.halted_run h
                           where h.run_id = o.run_id
                             and h.next_seq <= o.first_seq + e.ordinality - 1) as published
from outrun.run_outbox o
cross join lateral json_array_elements(o.events) with ordinality e;
comment on view outrun.run_event is 'One row per event: the log of every run, in seq order within a run.';
comment on column outrun.run_event.published is
    'Whether the event is in Kafka for certain. It becomes true a second or two after it was published.';

create publication outrun
    for table outrun.run_outbox (run_id, first_seq, tenant, shard, attempt, events, appended_us, trace, topicless)
    with (publish = 'insert', publish_via_partition_root = true);
