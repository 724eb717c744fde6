-- The tenant and its members.

-- The id of a venture, which is made when it is not there yet and the caller may.
create function holdfast.open_venture(p_slug text, p_name text default null) returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid;
begin
    select venture_id into v_venture from ventures where slug = p_slug or venture_id::text = p_slug;
    if found and (is_trusted() or v_venture = any (ventures_with('viewer'))) then
        return v_venture;
    end if;
    -- A foreign venture and one that does not exist are refused in the same words; `enter` would name its id.
    if not is_trusted() then
        perform refuse('HF007', format('The venture %s does not exist or does not have you as viewer.', p_slug),
            'Ask an owner of the venture for that role.');
    end if;
    if p_slug is null or p_slug !~ '^[a-z0-9][a-z0-9._-]{0,62}$' then
        perform refuse('HF005', format('The venture''s slug %L is not of the expected form.', p_slug),
            'Use 1 to 63 of a–z, 0–9, ".", "_" and "-", beginning with a letter or a digit.');
    end if;
    insert into ventures (venture_id, slug, name, created_at, seq)
    values (uuid7(), p_slug, coalesce(p_name, p_slug), holdfast.now(), 1)
    on conflict (slug) do nothing
    returning venture_id into v_venture;
    if not found then  -- another process made it in this moment
        select venture_id into strict v_venture from ventures where slug = p_slug;
        return v_venture;
    end if;
    perform emit(v_venture, 'venture', v_venture, 1, 'venture.created', jsonb_build_object('slug', p_slug));
    return v_venture;
end
$$;

create function holdfast.set_member(p_user_id text, p_role holdfast.member_role, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'owner');
    v_seq     bigint;
begin
    update ventures set seq = seq + 1 where venture_id = v_venture returning seq into v_seq;
    if not found then
        perform refuse('HF003', format('There is no venture %s.', v_venture), 'Create it with open_venture.');
    end if;
    insert into venture_members (venture_id, user_id, role, created_at)
    values (v_venture, p_user_id, p_role, holdfast.now())
    on conflict (venture_id, user_id) do update set role = excluded.role;
    perform emit(v_venture, 'venture', v_venture, v_seq, 'venture.member_set',
        jsonb_build_object('user_id', p_user_id, 'role', p_role));
    return v_seq;
end
$$;

create function holdfast.remove_member(p_user_id text, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'owner');
    v_seq     bigint;
begin
    update ventures set seq = seq + 1 where venture_id = v_venture returning seq into v_seq;
    delete from venture_members where venture_id = v_venture and user_id = p_user_id;
    if not found then
        perform refuse('HF003', format('%s is not a member of the venture %s.', p_user_id, v_venture),
            'List the members with: select * from holdfast.venture_members.');
    end if;
    perform emit(v_venture, 'venture', v_venture, v_seq, 'venture.member_removed', jsonb_build_object('user_id', p_user_id));
    return v_seq;
end
$$;

-- What holds for all of a venture unless something closer says otherwise, merged key by key; a key that is given as
-- null is forgotten.
create function holdfast.save_venture_settings(p_settings jsonb, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'owner');
    v_seq     bigint;
begin
    if jsonb_typeof(p_settings) is distinct from 'object' then
        perform refuse('HF005', 'settings is not an object.', 'Give the settings by their names.');
    end if;
    perform require_walk_settings(jsonb_strip_nulls(p_settings));
    update ventures set settings = jsonb_strip_nulls(settings || p_settings), seq = seq + 1
    where venture_id = v_venture returning seq into v_seq;
    if not found then
        perform refuse('HF003', format('There is no venture %s.', v_venture), 'Create it with open_venture.');
    end if;
    perform emit(v_venture, 'venture', v_venture, v_seq, 'venture.settings_saved', jsonb_build_object('settings', p_settings));
    return v_seq;
end
$$;
