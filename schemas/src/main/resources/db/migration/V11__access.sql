-- The API's locked doors: who may call it, and who has changed what over it. SQL is not behind them: whoever has the
-- database's password may do everything.

create table outrun.api_key (
    id           text        primary key check (id ~ '^[a-z2-7]{12}$'),
    tenant       text        not null check (tenant = '*' or tenant ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    role         text        not null check (role in ('reader', 'writer', 'worker', 'admin')),
    name         text        not null check (length(name) <= 255),
    hash         bytea       not null check (octet_length(hash) = 32),
    created_at   timestamptz not null,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
comment on table outrun.api_key is
    'Keys of the API. What is printed when one is made is outrun_<id>_<secret>; the secret is nowhere.';
comment on column outrun.api_key.tenant is
    'Whose runs the key sees; * is everybody''s.';
comment on column outrun.api_key.hash is
    'SHA-256 of the secret''s text: 256 random bits, which nobody finds by trying, so that no slow hash is needed.';
comment on column outrun.api_key.last_used_at is
    'To the minute.';

-- One row is one changing call over HTTP. No payloads: what was said to a run is in its log.
create table outrun.audit_log (
    id      bigint      generated always as identity primary key,
    at      timestamptz not null,
    caller  text        not null,
    tenant  text        not null,
    call    text        not null,
    target  text,
    status  int         not null,
    address text        not null
);
create index audit_log_at on outrun.audit_log (at);
create index audit_log_target on outrun.audit_log (target, at) where target is not null;
comment on column outrun.audit_log.caller is
    'key:<id>, or oidc:<subject>.';
comment on column outrun.audit_log.call is
    'Method and route, such as POST /v1/runs/{id}/cancel.';
comment on column outrun.audit_log.target is
    'The run, queue or schedule that the path names, or the run that was started.';
comment on column outrun.audit_log.status is
    'The answer''s: 403 says that somebody tried what their role does not allow.';
