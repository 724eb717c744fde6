-- Who may come in over HTTP. Secrets are made outside and only their SHA-256 comes here.

-- Makes a token for one venture in one role; the id is its public part. It holds until a moment, or for so long, or for ever.
create function holdfast.create_api_token(
    p_name text, p_role holdfast.member_role, p_digest bytea, p_expires_at timestamptz default null,
    p_expires_in interval default null, p_venture_id uuid default null)
returns table (id uuid, expires_at timestamptz)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'owner');
    v_now     timestamptz := holdfast.now();
    v_expires timestamptz := coalesce(p_expires_at, v_now + p_expires_in);
    v_id      uuid := uuid7();
    v_seq     bigint;
begin
    if v_expires <= v_now then
        perform refuse('HF005', format('expires_at = %s is not later than now, %s.', v_expires, v_now),
            'Give a time to come, or none.');
    end if;
    update ventures set seq = seq + 1 where venture_id = v_venture returning seq into v_seq;
    if not found then
        perform refuse('HF003', format('There is no venture %s.', v_venture), 'Create it with open_venture.');
    end if;
    insert into api_tokens (venture_id, id, name, role, digest, created_by, created_at, expires_at)
    values (v_venture, v_id, p_name, p_role, p_digest, request_user(), v_now, v_expires);
    perform emit(v_venture, 'venture', v_venture, v_seq, 'venture.token_created',
        jsonb_build_object('id', v_id, 'name', p_name, 'role', p_role, 'expires_at', v_expires));
    return query select v_id, v_expires;
end
$$;

-- From now on nobody comes in with it.
create function holdfast.revoke_api_token(p_id uuid, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'owner');
    v_token   api_tokens;
    v_seq     bigint;
begin
    update ventures set seq = seq + 1 where venture_id = v_venture returning seq into v_seq;
    select * into v_token from api_tokens where venture_id = v_venture and id = p_id for no key update;
    if not found then
        perform refuse('HF003', format('There is no token %s.', p_id), 'List them with: holdfast token list');
    elsif v_token.revoked_at is not null then
        perform refuse('HF002', format('The token %s was revoked at %s already.', v_token.name, v_token.revoked_at),
            'Nothing is left to do.');
    end if;
    update api_tokens set revoked_at = holdfast.now() where venture_id = v_venture and id = p_id;
    perform emit(v_venture, 'venture', v_venture, v_seq, 'venture.token_revoked',
        jsonb_build_object('id', p_id, 'name', v_token.name));
    return v_seq;
end
$$;

-- Whose token that is; nothing if the secret is another one. Whether it still holds is said only to who has the secret.
create function holdfast.check_api_token(p_id uuid, p_digest bytea)
returns table (venture_id uuid, name text, role holdfast.member_role, expired_at timestamptz, revoked_at timestamptz)
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
begin
    perform require_trusted('check tokens');
    return query select t.venture_id, t.name::text, t.role,
        case when t.expires_at <= holdfast.now() then t.expires_at end, t.revoked_at
    from api_tokens t where t.id = p_id and t.digest = p_digest;
end
$$;

-- Keeps a ticket for what its bearer is; whoever brings the secret first is let in with these claims.
create function holdfast.create_ticket(p_digest bytea, p_purpose text, p_claims jsonb, p_seconds double precision)
returns timestamptz
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_now     timestamptz := holdfast.now();
    v_expires timestamptz := v_now + require_lease_seconds(p_seconds);
begin
    perform require_trusted('create tickets');
    delete from api_tickets where digest in (
        select digest from api_tickets where expires_at <= v_now order by expires_at limit 100 for update skip locked);
    insert into api_tickets (digest, purpose, claims, expires_at) values (p_digest, p_purpose, p_claims, v_expires);
    return v_expires;
end
$$;

-- Takes a ticket: of all who bring it at once one is given its claims, and who comes later is given nothing.
create function holdfast.use_ticket(p_digest bytea, p_purpose text) returns jsonb
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_ticket api_tickets;
begin
    perform require_trusted('use tickets');
    delete from api_tickets where digest = p_digest and purpose = p_purpose returning * into v_ticket;
    return case when v_ticket.expires_at > holdfast.now() then v_ticket.claims end;
end
$$;

-- The key that all gateways of this database sign with; the first who asks brings it.
create function holdfast.api_signing_key(p_new bytea) returns bytea
language plpgsql security definer set search_path = holdfast, pg_temp as $$
begin
    perform require_trusted('sign');
    insert into api_key (key) values (p_new) on conflict do nothing;
    return (select key from api_key);
end
$$;
