-- Who follows the feed at the moment, to look at.

create table holdfast.active_subscriptions (
    venture_id uuid not null,
    id         uuid not null,
    gateway_id uuid not null,        -- the process that serves it
    user_id    text,
    transport  text not null,
    scope      jsonb not null,       -- what is followed: a noun and its id, kinds, streams; empty: all of the venture
    created_at timestamptz not null,
    seen_at    timestamptz not null, -- when its gateway last said that it is there
    constraint active_subscriptions_pkey primary key (venture_id, id),
    constraint active_subscriptions_venture_fkey foreign key (venture_id) references holdfast.ventures on delete cascade,
    constraint active_subscriptions_transport check (transport in ('websocket', 'sse', 'python')),
    constraint active_subscriptions_seen_after_created check (seen_at >= created_at)
) with (fillfactor = 70);
comment on table holdfast.active_subscriptions is 'Who follows the feed; a gateway that is gone is forgotten after three minutes.';
create index active_subscriptions_gateway on holdfast.active_subscriptions (gateway_id);
