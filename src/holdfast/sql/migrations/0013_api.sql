-- Who may come in over HTTP: tokens of agents, tickets that are good for one time, and the key that signs cookies.

-- Who owns the engine acts for users: the role of a request is set for the length of a call. From PostgreSQL 16 on, who
-- made a role may not do that without saying so first. Where it is not ours to say, calls for users are refused.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['anon', 'authenticated', 'service_role'] loop
        begin
            execute format('grant %I to %I', v_role, current_user);
        exception when insufficient_privilege then
            null;
        end;
    end loop;
end
$$;

-- An API token is `hf_<id>_<secret>`; only the secret's digest is kept.
create table holdfast.api_tokens (
    venture_id uuid not null,
    id         uuid not null,
    name       holdfast.label not null,
    role       holdfast.member_role not null,
    digest     bytea not null,
    created_by text,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    constraint api_tokens_pkey primary key (venture_id, id),
    constraint api_tokens_id_key unique (id),
    constraint api_tokens_venture_fkey foreign key (venture_id) references holdfast.ventures on delete cascade,
    constraint api_tokens_digest_length check (octet_length(digest) = 32),
    constraint api_tokens_expires_later check (expires_at > created_at)
);
comment on table holdfast.api_tokens is 'Tokens by which programs come in: each for one venture, in one role.';

-- What a caller is for one time more: when a WebSocket opens, or when a browser signs in.
create table holdfast.api_tickets (
    digest     bytea not null,
    purpose    text not null,
    claims     jsonb not null,
    expires_at timestamptz not null,
    constraint api_tickets_pkey primary key (digest),
    constraint api_tickets_digest_length check (octet_length(digest) = 32),
    constraint api_tickets_purpose check (purpose in ('connect', 'sign-in'))
);
comment on table holdfast.api_tickets is 'Tickets that are good for one time, and soon for none.';
create index api_tickets_expires on holdfast.api_tickets (expires_at);

-- Every gateway of one database signs with the same key.
create table holdfast.api_key (
    only_row boolean not null default true,
    key      bytea not null,
    constraint api_key_pkey primary key (only_row),
    constraint api_key_only_row check (only_row),
    constraint api_key_length check (octet_length(key) = 32)
);
comment on table holdfast.api_key is 'The key by which gateways sign the cookies of browsers.';
