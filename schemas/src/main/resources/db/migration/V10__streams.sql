-- Streams: runs that are found and written to by name, as the Durable Streams protocol has it; see docs/STREAMS.md.
--
-- A stream's run has the handler stream and is suspended from its beginning, waiting for nothing: no attempt of it is ever
-- made. Its messages are the events message (any JSON), message.text (a string) and message.bytes (base64) of its log; its
-- end is run.completed.
--
-- SQLSTATEs (stable), besides those in V2:
--   OR010 unknown stream     OR011 stream is gone

create table outrun.stream (
    tenant       text,
    name         text,
    run_id       uuid   not null,
    content_type text   not null,
    ttl_s        bigint,
    expires_at   timestamptz,
    writer_seq   text collate "C",
    forked_from  uuid,
    forked_at    bigint,
    forked_more  bigint not null default 0,
    deleted_at   timestamptz,
    primary key (tenant, name)
);
create unique index stream_run on outrun.stream (run_id);
create index stream_expires on outrun.stream (expires_at)
    where expires_at is not null;
create index stream_forked_from on outrun.stream (forked_from)
    where forked_from is not null;
comment on column outrun.stream.expires_at is
    'When it is deleted. With ttl_s, which is in seconds, every read and write moves it.';
comment on column outrun.stream.writer_seq is
    'The greatest Stream-Seq of an append, byte by byte; the next must be greater.';
comment on column outrun.stream.forked_from is
    'The run whose messages it begins with: those before seq forked_at, or before the end of its log then where that is '
    'null, and forked_more messages or bytes after that.';
comment on column outrun.stream.deleted_at is
    'When it was deleted. Its row stays, and its name with it, while there are forks of it.';

-- Producers that number their appends. An append and its number are in one transaction.
create table outrun.stream_producer (
    run_id   uuid,
    producer text,
    epoch    bigint not null,
    seq      bigint not null,
    primary key (run_id, producer)
);

-- A stream's runs are nobody's to run: the handler is the ledger's own.
create or replace function outrun.register_handlers(names text[]) returns void
language plpgsql as $$
begin
    if 'stream' = any (names) then
        raise exception 'the handler stream is the ledger''s own'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    insert into outrun.handler (name) select distinct unnest(names) on conflict do nothing;
end $$;
delete from outrun.handler where name = 'stream';
comment on function outrun.register_handlers is
    'Says that workers offer these handlers, so that runs of them may start. Idempotent. Raises OR008.';

-- As in V5, but that a stream has nothing to go on with.
create or replace function outrun.resume(run uuid) returns boolean
language plpgsql as $$
declare
    r outrun.run;
begin
    select * into r from outrun.run t where t.id = resume.run for no key update;
    if r.id is null or r.finished_at is not null or r.status = 'control' then
        perform outrun.refuse(run, null);
    elsif r.status <> 'suspended' or r.handler = 'stream' then
        return false;
    end if;
    perform outrun.wake(run, '"request"');
    return true;
end $$;

-- As in V7, but that a stream's fork is a stream's run again: suspended, and without run.forked, which would be a seq
-- that the source has given to a message.
create or replace function outrun.fork(run uuid, at bigint, id uuid default null) returns uuid
language plpgsql as $$
declare
    source outrun.run;
    made   outrun.run;
    target uuid := coalesce(fork.id, outrun.new_run_id());
    most   bigint;
begin
    select * into source from outrun.run t where t.id = fork.run for no key update;
    if source.id is null or source.status = 'control' then
        perform outrun.refuse(run, null);
    end if;
    most := source.next_seq - (source.finished_at is not null)::int;
    if at is null or at not between 1 and most then
        raise exception 'run % can be forked at 1 to %', run, most
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    insert into outrun.run (id, tenant, queue, handler, shard, topicless, priority, concurrency_key, status, attempt, next_seq,
                            input, forked_from, forked_at, created_at, updated_at)
    values (target, source.tenant, source.queue, source.handler,
            case when source.handler = 'stream' then outrun.shard_of_stream(target)
                 else outrun.shard_in_queue(source.queue,
                     hashtextextended(coalesce(source.concurrency_key, target::text), 0) & 1073741823) end,
            outrun.is_topicless(source.queue), source.priority, source.concurrency_key,
            case when source.handler = 'stream' then 'suspended' else 'queued' end, 0,
            at + (source.handler <> 'stream')::int, source.input, source.id, at, clock_timestamp(), clock_timestamp())
    on conflict do nothing
    returning * into made;
    if not found then
        raise exception 'a run with the id % exists', target
            using errcode = 'OR007', hint = 'run id taken';
    end if;
    perform outrun.copy_log(made, source.id, at);
    if made.handler = 'stream' then
        return made.id;
    end if;
    update outrun.run t
    set attempt = (select max(o.attempt) from outrun.run_outbox o where o.run_id = made.id)
    where t.id = made.id
    returning t.* into made;
    perform outrun.write_outbox(made.id, at, made.tenant, made.shard, made.topicless, made.attempt,
        outrun.event_json('run.forked',
            '{"from":"' || source.id || '","at":' || at || ',"attempt":' || (made.attempt + 1) || '}'),
        made.created_at);
    return made.id;
end $$;

-- Streams have no order among them, so they are spread over all shards.
create function outrun.shard_of_stream(run uuid) returns int
language plpgsql stable as $$
begin
    return (select ((hashtextextended(run::text, 0) & 1073741823) % c.shards)::int from outrun.cluster c);
end $$;

create function outrun.media_type(content_type text) returns text
language sql immutable as $$
    select lower(trim(split_part(content_type, ';', 1)))
$$;

-- How far a stream's run has messages, and will have its next: before its last event once it has ended.
create function outrun.stream_end(r outrun.run) returns bigint
language sql immutable as $$
    select r.next_seq - (r.finished_at is not null)::int
$$;

-- Raises the reason why nobody reads or writes this stream.
create function outrun.refuse_stream(s outrun.stream, name text) returns void
language plpgsql stable as $$
begin
    if s.run_id is null then
        raise exception 'unknown stream %', name
            using errcode = 'OR010', hint = 'unknown stream';
    elsif s.deleted_at is not null or s.expires_at <= clock_timestamp() then
        if exists (select from outrun.stream f where f.forked_from = s.run_id) then
            raise exception 'stream % is gone, but for its forks', name
                using errcode = 'OR011', hint = 'stream is gone';
        end if;
        raise exception 'unknown stream %: its time is over', name
            using errcode = 'OR010', hint = 'unknown stream';
    end if;
end $$;

create function outrun.find_stream(name text, tenant text default 'default', renew boolean default false)
returns table (run uuid, content_type text, ttl_s bigint, expires_at timestamptz)
language plpgsql as $$
declare
    s outrun.stream;
begin
    select * into s from outrun.stream t where t.tenant = find_stream.tenant and t.name = find_stream.name;
    perform outrun.refuse_stream(s, name);
    if renew and s.ttl_s is not null then
        update outrun.stream t set expires_at = clock_timestamp() + t.ttl_s * interval '1 second'
        where t.run_id = s.run_id
        returning t.* into s;
    end if;
    return query select s.run_id, s.content_type, s.ttl_s, s.expires_at;
end $$;
comment on function outrun.find_stream is
    'The run of a stream, and how the stream was made. To renew is to begin its time to live anew, if it has one. '
    'Raises OR010, OR011.';

-- Gives a stream's name free, unless it has forks, and ends its run where it is open. Its log stays what it is.
create function outrun.drop_stream(s outrun.stream, reason text) returns void
language plpgsql as $$
declare
    source outrun.stream;
begin
    delete from outrun.stream_producer p where p.run_id = s.run_id;
    if exists (select from outrun.stream f where f.forked_from = s.run_id) then
        update outrun.stream t set deleted_at = clock_timestamp(), expires_at = null
        where t.run_id = s.run_id and t.deleted_at is null;
    else
        delete from outrun.stream t where t.run_id = s.run_id;
        select * into source from outrun.stream t
        where t.run_id = s.forked_from and t.deleted_at is not null for no key update;
        if found then
            perform outrun.drop_stream(source, reason); -- it stayed for its forks
        end if;
    end if;
    perform from outrun.run r where r.id = s.run_id and r.finished_at is null;
    if found then
        perform outrun.cancel(s.run_id, reason);
    end if;
end $$;

-- The bytes of a message of a stream that is not JSON; null for an event that is none.
create function outrun.message_bytes(event json) returns bytea
language sql immutable as $$
    select case event ->> 'type'
        when 'message.bytes' then decode(event ->> 'data', 'base64')
        when 'message.text' then convert_to(event ->> 'data', 'UTF8')
        when 'message' then convert_to((event -> 'data')::text, 'UTF8')
    end
$$;

-- Where a fork is to be cut that has so much more of its source than the messages before a seq: so many messages of a JSON
-- stream; of another so many bytes, which may end within a message: then part is what it has of that.
create function outrun.cut_of_stream(
    source outrun.run, at bigint, more bigint, is_json boolean, out cut bigint, out part bytea
)
language plpgsql stable as $$
declare
    e       record;
    missing bigint := more;
    message bytea;
begin
    cut := at;
    for e in
        select o.first_seq + v.ordinality - 1 as seq, v.value
        from outrun.run_outbox o cross join lateral json_array_elements(o.events) with ordinality v
        where o.run_id = source.id and o.first_seq + v.ordinality - 1 >= at
        order by o.first_seq, v.ordinality
    loop
        exit when missing <= 0;
        message := outrun.message_bytes(e.value);
        continue when message is null;
        if not is_json and octet_length(message) > missing then
            part := substring(message from 1 for missing::int);
            missing := 0;
        else
            missing := missing - case when is_json then 1 else octet_length(message) end;
            cut := e.seq + 1;
        end if;
    end loop;
    if missing > 0 then
        raise exception 'the stream ends % messages or bytes before there', missing
            using errcode = 'OR008', hint = 'invalid request';
    end if;
end $$;

create function outrun.create_stream(
    name text,
    content_type text default null,
    tenant text default 'default',
    id uuid default null,
    ttl_s bigint default null,
    expires_at timestamptz default null,
    events json default null,
    closed boolean default false,
    fork_of text default null,
    fork_at bigint default null,
    fork_more bigint default 0
) returns table (outcome text, run uuid, stored_type text, next_seq bigint)
language plpgsql as $$
declare
    source outrun.stream;
    parent outrun.run;
    s      outrun.stream;
    r      outrun.run;
    cut    bigint;
    part   bytea;
begin
    if name is null or length(name) not between 1 and 255 or name ~ '[[:cntrl:]]' then
        raise exception 'a stream''s name must be 1 to 255 characters'
            using errcode = 'OR008', hint = 'invalid request';
    elsif length(content_type) > 255
        or outrun.media_type(content_type) !~ '^[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+*-]+$' then
        raise exception 'a content type must be a media type of at most 255 characters'
            using errcode = 'OR008', hint = 'invalid request';
    elsif ttl_s not between 0 and 3155760000 or ttl_s is not null and expires_at is not null then
        raise exception 'a stream has a time to live, 0 to 3155760000 seconds, or a time when it expires, or neither'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    s.tenant := tenant;
    s.name := name;
    s.content_type := coalesce(content_type, 'application/octet-stream');
    s.ttl_s := ttl_s;
    s.expires_at := coalesce(expires_at, clock_timestamp() + ttl_s * interval '1 second');
    s.forked_more := 0;
    if fork_of is not null then
        select * into source from outrun.stream t
        where t.tenant = create_stream.tenant and t.name = fork_of for key share;
        begin
            perform outrun.refuse_stream(source, fork_of);
        exception when sqlstate 'OR011' then
            return query select 'conflict', null::uuid, null::text, null::bigint;
            return;
        end;
        s.content_type := coalesce(content_type, source.content_type);
        s.forked_from := source.run_id;
        s.forked_at := fork_at;
        s.forked_more := fork_more;
        if ttl_s is null and expires_at is null then
            s.ttl_s := source.ttl_s;
            s.expires_at := coalesce(clock_timestamp() + source.ttl_s * interval '1 second', source.expires_at);
        end if;
        if outrun.media_type(s.content_type) <> outrun.media_type(source.content_type) then
            return query select 'conflict', null::uuid, null::text, null::bigint;
            return;
        end if;
    end if;
    s.run_id := coalesce(create_stream.id, outrun.new_run_id());
    if not outrun.name_stream(s) then
        return query select * from outrun.same_stream(s, closed);
        return;
    end if;
    if fork_of is null then
        perform outrun.request_stream(s);
    else
        select * into parent from outrun.run t where t.id = source.run_id for no key update;
        cut := coalesce(fork_at, outrun.stream_end(parent));
        if cut not between 0 and outrun.stream_end(parent) or fork_more < 0 then
            raise exception 'stream % can be forked at 0 to %', fork_of, outrun.stream_end(parent)
                using errcode = 'OR008', hint = 'invalid request';
        end if;
        select c.cut, c.part into cut, part from outrun.cut_of_stream(
            parent, cut, fork_more, outrun.media_type(s.content_type) = 'application/json') c;
        perform outrun.fork(parent.id, greatest(cut, 1), s.run_id);
        if part is not null then
            perform outrun.append(s.run_id, null, outrun.event_json('message.bytes',
                '"' || translate(encode(part, 'base64'), E'\n', '') || '"'));
        end if;
    end if;
    if events is not null then
        perform outrun.append(s.run_id, null, events);
    end if;
    if closed then
        perform outrun.finish(s.run_id, 'completed', null, null, 'run.completed', '{"output":null}');
    end if;
    select * into r from outrun.run t where t.id = s.run_id;
    return query select 'created', s.run_id, s.content_type, outrun.stream_end(r);
end $$;
comment on function outrun.create_stream is
    'Makes a stream, in the caller''s transaction: a run that is found by this name, with these events, as append takes '
    'them, to begin with, or with the messages of another stream before seq fork_at (null: all it has), and fork_more '
    'messages or bytes after that. Outcome: created; exists, where one of this name was made so before; conflict, where it '
    'was made otherwise, or the content type is not its source''s, or its source is gone. '
    'Raises OR005, OR006, OR007, OR008, OR010.';

-- Takes a name; false where an unexpired stream has it.
create function outrun.name_stream(s outrun.stream) returns boolean
language plpgsql as $$
declare
    before outrun.stream;
begin
    select * into before from outrun.stream t
    where t.tenant = s.tenant and t.name = s.name and t.deleted_at is null and t.expires_at <= clock_timestamp()
    for no key update;
    if found then
        perform outrun.drop_stream(before, 'the stream has expired');
    end if;
    insert into outrun.stream values (s.*) on conflict do nothing;
    if not found and exists (
            select from outrun.stream t where t.run_id = s.run_id and (t.tenant, t.name) <> (s.tenant, s.name)) then
        raise exception 'a run with the id % exists', s.run_id
            using errcode = 'OR007', hint = 'run id taken';
    end if;
    return found;
end $$;

-- The answer to a stream that is made again.
create function outrun.same_stream(s outrun.stream, closed boolean)
returns table (outcome text, run uuid, stored_type text, next_seq bigint)
language plpgsql stable as $$
declare
    t outrun.stream;
    r outrun.run;
begin
    select * into t from outrun.stream x where x.tenant = s.tenant and x.name = s.name;
    select * into r from outrun.run x where x.id = t.run_id;
    if t.deleted_at is null
        and outrun.media_type(t.content_type) = outrun.media_type(s.content_type)
        and t.ttl_s is not distinct from s.ttl_s
        and (t.ttl_s is not null or t.expires_at is not distinct from s.expires_at)
        and closed = (r.finished_at is not null)
        and (s.forked_from is null
             or t.forked_from = s.forked_from and t.forked_at is not distinct from s.forked_at
                and t.forked_more = s.forked_more) then
        return query select 'exists', t.run_id, t.content_type, outrun.stream_end(r);
    else
        return query select 'conflict', null::uuid, null::text, null::bigint;
    end if;
end $$;

-- A run that waits for nothing, as the engine reads it: for children, of which it has none, and their ends do not count.
create function outrun.request_stream(s outrun.stream) returns void
language plpgsql as $$
declare
    input text := '{"stream":' || to_json(s.name) || ',"content_type":' || to_json(s.content_type) || '}';
    r     outrun.run;
begin
    if s.tenant is null or length(s.tenant) > 63 or s.tenant !~ '^[a-z0-9][a-z0-9-]*$' or s.tenant = 'outrun' then
        raise exception 'the tenant must be 1 to 63 of a-z, 0-9 and -, not starting with -, and not outrun'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    insert into outrun.run (id, tenant, queue, handler, shard, topicless, status, next_seq, input, created_at, updated_at)
    values (s.run_id, s.tenant, 'streams', 'stream', outrun.shard_of_stream(s.run_id), outrun.is_topicless('streams'),
            'suspended', 1, input::json, clock_timestamp(), clock_timestamp())
    on conflict do nothing
    returning * into r;
    if not found then
        raise exception 'a run with the id % exists', s.run_id
            using errcode = 'OR007', hint = 'run id taken';
    end if;
    perform outrun.write_outbox(r.id, 0, r.tenant, r.shard, r.topicless, 0, outrun.event_json('run.requested',
        '{"handler":"stream","queue":"streams","tenant":' || to_json(r.tenant)
        || ',"wait_for":"all","input":' || input || '}'), r.created_at);
end $$;

create function outrun.append_stream(
    name text,
    events json default null,
    tenant text default 'default',
    closing boolean default false,
    content_type text default null,
    producer text default null,
    epoch bigint default null,
    producer_seq bigint default null,
    writer_seq text default null
) returns table (outcome text, next_seq bigint, closed boolean, known_epoch bigint, known_seq bigint)
language plpgsql as $$
declare
    s outrun.stream;
    r outrun.run;
    p outrun.stream_producer;
begin
    if events is null and not closing then
        raise exception 'an append has events, or closes the stream'
            using errcode = 'OR008', hint = 'invalid request';
    elsif length(writer_seq) > 255 or length(producer) not between 1 and 255
        or (producer is null) <> (epoch is null) or (epoch is null) <> (producer_seq is null)
        or epoch not between 0 and 9007199254740991 or producer_seq not between 0 and 9007199254740991 then
        raise exception 'a producer has an id of 1 to 255 characters, an epoch and a seq, each from 0 to 2^53-1'
            using errcode = 'OR008', hint = 'invalid request';
    end if;
    select * into s from outrun.stream t
    where t.tenant = append_stream.tenant and t.name = append_stream.name for no key update;
    perform outrun.refuse_stream(s, name);
    select * into r from outrun.run t where t.id = s.run_id for no key update;
    select * into p from outrun.stream_producer t where t.run_id = s.run_id and t.producer = append_stream.producer;
    outcome := case
        when p.epoch > epoch then 'stale_producer'
        when p.epoch = epoch and p.seq >= producer_seq then 'duplicate'
        when r.finished_at is not null and events is null and producer is null then 'duplicate'
        when r.finished_at is not null then 'closed'
        when outrun.media_type(content_type) <> outrun.media_type(s.content_type) then 'other_type'
        when p.epoch = epoch and producer_seq > p.seq + 1 or p.run_id is null and producer_seq > 0 then 'gap'
        when p.epoch < epoch and producer_seq > 0 then 'no_beginning'
        when append_stream.writer_seq collate "C" <= s.writer_seq then 'stale_seq'
        else 'appended' end;
    if outcome = 'appended' then
        if events is not null then
            perform outrun.append(s.run_id, null, events);
        end if;
        if closing then
            perform outrun.finish(s.run_id, 'completed', null, null, 'run.completed', '{"output":null}');
        end if;
        update outrun.stream t
        set writer_seq = coalesce(append_stream.writer_seq, t.writer_seq),
            expires_at = coalesce(clock_timestamp() + t.ttl_s * interval '1 second', t.expires_at)
        where t.run_id = s.run_id and (append_stream.writer_seq is not null or t.ttl_s is not null);
        if producer is not null then
            insert into outrun.stream_producer as t (run_id, producer, epoch, seq)
            values (s.run_id, append_stream.producer, append_stream.epoch, append_stream.producer_seq)
            on conflict on constraint stream_producer_pkey do update set epoch = excluded.epoch, seq = excluded.seq
            returning t.* into p;
        end if;
        select * into r from outrun.run t where t.id = s.run_id;
    end if;
    return query select append_stream.outcome, outrun.stream_end(r), r.finished_at is not null, p.epoch, p.seq;
end $$;
comment on function outrun.append_stream is
    'Appends to a stream, in the caller''s transaction, events as append takes them, and closes it after them if it is '
    'closing; then there need not be any. A producer''s appends are numbered from 0 on in each of its epochs, which only '
    'rise. Outcome: appended; duplicate, where that number was appended before, or the stream was closed before; and what '
    'was refused: closed, other_type, stale_producer, gap and no_beginning (of the numbers), stale_seq (writer_seq is not '
    'greater than the last). What the producer has come to is known_epoch and known_seq. '
    'Raises OR005, OR006, OR008, OR010, OR011.';

create function outrun.delete_stream(name text, tenant text default 'default') returns void
language plpgsql as $$
declare
    s outrun.stream;
begin
    select * into s from outrun.stream t
    where t.tenant = delete_stream.tenant and t.name = delete_stream.name for no key update;
    perform outrun.refuse_stream(s, name);
    perform outrun.drop_stream(s, 'the stream is deleted');
end $$;
comment on function outrun.delete_stream is
    'Takes a stream''s name from its run, which is cancelled if it is open; its log stays as long as a run''s. Where there '
    'are forks of it the name stays taken until they are deleted. Raises OR010, OR011.';

create function outrun.expire_streams(batch int default 100) returns int
language plpgsql as $$
declare
    s    outrun.stream;
    done int := 0;
begin
    for s in
        select * from outrun.stream t where t.expires_at <= clock_timestamp() order by t.expires_at limit batch
        for no key update skip locked
    loop
        perform outrun.drop_stream(s, 'the stream has expired');
        done := done + 1;
    end loop;
    return done;
end $$;
comment on function outrun.expire_streams is
    'Deletes up to so many streams whose time is over, and returns how many.';
