create schema if not exists holdfast_changes;
create table if not exists holdfast_changes.ledger (
    name          text not null,
    checksum      text not null,                       -- SHA-256 of the file
    statements    integer not null,
    done          integer not null default 0,          -- how many of them are committed
    done_checksum text not null default '',            -- SHA-256 of these
    begun         integer,                             -- the one that runs outside of a transaction now
    how           text not null,                       -- directly, or by hand
    applied_by    text not null default session_user,
    started_at    timestamptz not null default clock_timestamp(),
    finished_at   timestamptz,
    constraint ledger_pkey primary key (name),
    constraint ledger_how check (how in ('directly', 'by hand')),
    constraint ledger_done check (done between 0 and statements and (finished_at is null or done = statements))
);
comment on table holdfast_changes.ledger is 'Which changes Holdfast applied to this database.';
revoke all on schema holdfast_changes from public;
alter table holdfast_changes.ledger enable row level security;
