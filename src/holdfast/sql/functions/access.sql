-- Who is calling, for which ventures, as what. The walls between tenants stand on these.

create function holdfast.request_claims() returns jsonb
language sql stable parallel safe as $$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;

create function holdfast.request_user() returns text
language sql stable parallel safe as $$
    select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
$$;

-- The role of the request. `current_user` will not do: inside the engine's functions it is their owner.
create function holdfast.request_role() returns name
language sql stable parallel safe as $$
    select coalesce(nullif(current_setting('role', true), 'none'), session_user)::name
$$;

-- Trusted are the engine's owner and service_role, and who is a member of them.
create function holdfast.is_trusted() returns boolean
language sql stable parallel safe as $$
    select pg_has_role(holdfast.request_role(), current_user, 'member')
        or pg_has_role(holdfast.request_role(), 'service_role', 'member')
$$;

-- The ventures in which the request has a role or a higher one: from its claims (`ventures`: {id: role}, or
-- `venture_id` and `venture_role`), and only where these name none from the table of members.
create function holdfast.ventures_with(p_role holdfast.member_role) returns uuid[]
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
declare
    v_claims jsonb := request_claims();
    v_named  jsonb;
begin
    if v_claims is null then
        return '{}';
    end if;
    v_named := coalesce(v_claims -> 'ventures', v_claims -> 'app_metadata' -> 'ventures');
    if v_named is null and v_claims ? 'venture_id' then
        v_named := jsonb_build_object(v_claims ->> 'venture_id', coalesce(v_claims ->> 'venture_role', 'viewer'));
    end if;
    if v_named is not null then
        return coalesce((select array_agg(n.key::uuid) from jsonb_each_text(v_named) as n
            where n.value::member_role >= p_role), '{}');
    end if;
    return coalesce((select array_agg(m.venture_id) from venture_members m
        where m.user_id = v_claims ->> 'sub' and m.role >= p_role), '{}');
end
$$;

-- What row-level security asks of every table; stable, so an index scan asks once.
create function holdfast.visible_ventures() returns uuid[]
language sql stable security definer set search_path = holdfast, pg_temp as $$
    select holdfast.ventures_with('viewer')
$$;

-- The venture of a call that names none: the claims' only one, else the setting, else `default`.
create function holdfast.request_venture() returns uuid
language plpgsql stable as $$
declare
    v_setting text := nullif(current_setting('holdfast.venture', true), '');
    v_named   uuid[];
    v_venture uuid;
begin
    if request_claims() is not null then
        v_named := ventures_with('viewer');
        if cardinality(v_named) = 1 then
            return v_named[1];
        end if;
    end if;
    if v_setting is null then
        return '00000000-0000-7000-8000-000000000000';
    end if;
    select venture_id into v_venture from ventures where slug = v_setting or venture_id::text = v_setting;
    if not found then
        perform refuse('HF003', format('The setting holdfast.venture names the venture %s, which does not exist.', v_setting),
            'Set it to the slug or the id of a venture.');
    end if;
    return v_venture;
end
$$;

-- Every public function begins with this: it says which venture is meant and refuses who may not act there. A
-- foreign venture and one that does not exist are refused alike.
create function holdfast.enter(p_venture_id uuid, p_role holdfast.member_role) returns uuid
language plpgsql stable as $$
declare
    v_venture uuid := coalesce(p_venture_id, request_venture());
begin
    if not is_trusted() and not v_venture = any (ventures_with(p_role)) then
        perform refuse('HF007', format('The venture %s does not exist or does not have you as %s.', v_venture, p_role),
            'Ask an owner of the venture for that role.', jsonb_build_object('venture_id', v_venture, 'role', p_role));
    end if;
    -- What is acknowledged is on disk, also where the server or the role says otherwise: the feed's proof rests on it.
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);
    end if;
    -- A time in a message is read by people and agents of any country.
    if current_setting('datestyle') not like 'ISO%' then
        perform set_config('datestyle', 'ISO', true);
    end if;
    return v_venture;
end
$$;

-- What only the engine itself and its operators may do.
create function holdfast.require_trusted(p_what text) returns void
language plpgsql stable as $$
begin
    if not is_trusted() then
        perform refuse('HF007', format('%s may not %s.', request_role(), p_what),
            'Connect as the owner of the database or as service_role.');
    end if;
end
$$;
