-- Every change, in order, for ever resumable.

create table holdfast.events (
    venture_id uuid not null,
    stream     holdfast.stream_kind not null,
    stream_id  uuid not null,
    seq        bigint not null,       -- 1, 2, 3 … within the stream, without a gap
    xid        xid8 not null,         -- the writing transaction; the feed's cursor is a snapshot difference
    type       text not null,
    time       timestamptz not null,
    actor      text,                  -- who did it, as far as the call said
    data       jsonb not null,
    constraint events_pkey primary key (venture_id, stream_id, seq, time)
) partition by range (time);
comment on table holdfast.events is 'Append only. One change, one event, one transaction.';
create index events_xid on holdfast.events (xid);

-- Rows that come before their partition was made are not refused; ensure_partitions moves them.
create table holdfast.events_default partition of holdfast.events default;

-- A cursor is good for one history: restoring a backup, or a fail-over that lost a commit, begins another.
create table holdfast.feed_epoch (
    nonce uuid not null,
    floor xid8 not null default '0',  -- the newest transaction of which retention has dropped an event
    constraint feed_epoch_pkey primary key (nonce)
);
comment on table holdfast.feed_epoch is 'One row: what this history of events is called, and how much of it is gone.';
insert into holdfast.feed_epoch (nonce) values (gen_random_uuid());
