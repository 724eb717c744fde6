-- Who works on a directive: claims, switches and releases under a lease.

-- Gives a session the one lease on a directive. Says by whom it is held, or by what it is blocked.
create function holdfast.claim_directive(
    p_session_id text, p_epoch bigint, p_token uuid, p_sd_key text,
    p_lease_seconds double precision default 30, p_take_over_reason text default null, p_venture_id uuid default null)
returns table (
    directive_id uuid, epoch bigint, token uuid, expires_at timestamptz,
    phase holdfast.directive_phase, mechanism text, taken_from text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_lease     interval := require_lease_seconds(p_lease_seconds);
    v_session   claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_directive directives := require_directive(v_venture, p_sd_key);
    v_claim     directive_claims;
    v_holder    text;
    v_now       timestamptz;
begin
    perform lock_directives(v_venture, v_session.id, v_directive.id);
    select * into v_directive from directives d where d.venture_id = v_venture and d.id = v_directive.id for no key update;
    v_now := holdfast.now();
    perform require_claimable(v_venture, v_directive);
    insert into directive_claims (venture_id, directive_id) values (v_venture, v_directive.id) on conflict do nothing;
    select * into v_claim from directive_claims c
    where c.venture_id = v_venture and c.directive_id = v_directive.id for no key update;
    select s.session_id into v_holder from claude_sessions s where s.venture_id = v_venture and s.id = v_claim.session_id;
    if v_claim.session_id is not null and v_claim.session_id <> v_session.id
        and v_claim.lease_expires_at > v_now and nullif(p_take_over_reason, '') is null then
        perform refuse('HF004', format('%s is held by %s since %s, until %s.', p_sd_key, v_holder,
            v_claim.claimed_at, v_claim.lease_expires_at), 'Wait until its lease ends, or take it over with a reason.',
            jsonb_build_object('sd_key', p_sd_key, 'holder', v_holder, 'since', v_claim.claimed_at,
                'until', v_claim.lease_expires_at));
    end if;
    perform require_no_other_claim(v_venture, v_session, v_directive.id, v_now);
    taken_from := nullif(v_holder, p_session_id);
    mechanism := case when v_claim.session_id is null then 'free'
        when v_claim.session_id = v_session.id then 'again'
        when v_claim.lease_expires_at <= v_now then 'expired' else 'forced' end;
    v_claim := grant_claim(v_session, v_directive, v_now + v_lease, mechanism, taken_from, p_take_over_reason, p_session_id);
    directive_id := v_directive.id;
    epoch := v_claim.lease_epoch;
    token := v_claim.lease_token;
    expires_at := v_claim.lease_expires_at;
    phase := v_directive.phase;
    return next;
end
$$;

-- Gives a session the claim of a directive; session, directive and claim are locked, and the claim may be given.
create function holdfast.grant_claim(
    p_session holdfast.claude_sessions, p_directive holdfast.directives, p_until timestamptz, p_mechanism text,
    p_taken_from text, p_reason text, p_actor text)
returns holdfast.directive_claims
language plpgsql as $$
declare
    v_claim directive_claims;
    v_seq   bigint;
begin
    update directive_claims set
        session_id = p_session.id, claimed_at = holdfast.now(),
        lease_epoch = lease_epoch + 1, lease_token = gen_random_uuid(), lease_expires_at = p_until
    where venture_id = p_directive.venture_id and directive_id = p_directive.id returning * into v_claim;
    perform keep_place(p_directive.venture_id, p_session.id, p_directive);
    update directives set seq = seq + 1
    where venture_id = p_directive.venture_id and id = p_directive.id returning seq into v_seq;
    perform emit(p_directive.venture_id, 'directive', p_directive.id, v_seq, 'directive.claimed', jsonb_strip_nulls(jsonb_build_object(
        'sd_key', p_directive.sd_key, 'session_id', p_session.session_id, 'epoch', v_claim.lease_epoch,
        'mechanism', p_mechanism, 'from', p_taken_from, 'reason', p_reason, 'holder_id', p_session.id)), p_actor);
    return v_claim;
end
$$;

-- Gives back what a session holds and claims the next one, or does nothing of it.
create function holdfast.switch_directive(
    p_session_id text, p_epoch bigint, p_token uuid, p_sd_key text,
    p_lease_seconds double precision default 30, p_take_over_reason text default null, p_venture_id uuid default null)
returns table (
    directive_id uuid, epoch bigint, token uuid, expires_at timestamptz,
    phase holdfast.directive_phase, mechanism text, taken_from text, released text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_next    directives := require_directive(v_venture, p_sd_key);
    v_held    uuid;
    v_claimed record;
    v_free    text;
begin
    perform lock_directives(v_venture, v_session.id, v_next.id);
    select c.directive_id into v_held from directive_claims c
    where c.venture_id = v_venture and c.session_id = v_session.id and c.directive_id <> v_next.id;
    if found then
        v_free := give_back(v_venture, v_session, v_held, format('switched to %s', p_sd_key));
    end if;
    for v_claimed in
        select * from claim_directive(p_session_id, p_epoch, p_token, p_sd_key, p_lease_seconds, p_take_over_reason, v_venture)
    loop
        directive_id := v_claimed.directive_id; epoch := v_claimed.epoch; token := v_claimed.token;
        expires_at := v_claimed.expires_at; phase := v_claimed.phase; mechanism := v_claimed.mechanism;
        taken_from := v_claimed.taken_from; released := v_free;
        return next;
    end loop;
end
$$;

-- Locks the directive that a session is to claim and the one that it holds, in the order of their ids: two sessions
-- that change places do not wait for each other.
create function holdfast.lock_directives(p_venture_id uuid, p_session_id uuid, p_directive_id uuid) returns void
language plpgsql as $$
begin
    perform from directives d
    where d.venture_id = p_venture_id and d.id = any (array(
        select p_directive_id union select c.directive_id from directive_claims c
        where c.venture_id = p_venture_id and c.session_id = p_session_id))
    order by d.id for no key update;
end
$$;

-- Takes a session's name off the claim of a directive that its caller has locked; gives the directive's key, unless
-- another has taken the claim meanwhile.
create function holdfast.give_back(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_directive_id uuid, p_reason text, p_actor text default null)
returns text
language plpgsql as $$
declare
    v_seq    bigint;
    v_sd_key text;
begin
    update directive_claims set session_id = null, claimed_at = null, lease_token = null, lease_expires_at = null
    where venture_id = p_venture_id and directive_id = p_directive_id and session_id = p_session.id;
    if not found then
        return null;
    end if;
    update directives set seq = seq + 1
    where venture_id = p_venture_id and id = p_directive_id returning seq, sd_key into v_seq, v_sd_key;
    perform emit(p_venture_id, 'directive', p_directive_id, v_seq, 'directive.released',
        jsonb_build_object('sd_key', v_sd_key, 'session_id', p_session.session_id, 'reason', p_reason),
        coalesce(p_actor, p_session.session_id));
    return v_sd_key;
end
$$;

create function holdfast.require_claimable(p_venture_id uuid, p_directive holdfast.directives) returns void
language plpgsql as $$
declare
    v_open text[];
begin
    if p_directive.status = 'blocked' then
        perform refuse('HF010', format('%s is blocked: %s.', p_directive.sd_key, p_directive.blocked_reason),
            'Move it to active when that is out of the way.', jsonb_build_object('sd_key', p_directive.sd_key));
    elsif p_directive.status <> 'active' then
        perform refuse('HF002', format('%s is %s; only an active directive can be claimed.', p_directive.sd_key, p_directive.status),
            case when p_directive.status = 'draft' then 'Move it to active first.' else 'Its work is over.' end,
            jsonb_build_object('sd_key', p_directive.sd_key, 'status', p_directive.status));
    end if;
    select array_agg(d.sd_key order by d.sd_key) into v_open
    from directive_needs n join directives d on d.venture_id = n.venture_id and d.id = n.needs_id
    where n.venture_id = p_venture_id and n.directive_id = p_directive.id and d.status <> 'completed';
    if v_open is not null then
        perform refuse('HF010', format('%s needs %s first.', p_directive.sd_key, array_to_string(v_open, ', ')),
            'Complete these first.', jsonb_build_object('sd_key', p_directive.sd_key, 'needs', v_open));
    end if;
end
$$;

-- A session holds one directive at a time. One whose lease ran out is not held any more: it is given back here.
create function holdfast.require_no_other_claim(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_directive_id uuid, p_now timestamptz)
returns void
language plpgsql as $$
declare
    v_other record;
begin
    select d.id, d.sd_key, c.lease_expires_at into v_other from directive_claims c
    join directives d on d.venture_id = c.venture_id and d.id = c.directive_id
    where c.venture_id = p_venture_id and c.session_id = p_session.id and c.directive_id <> p_directive_id;
    if not found then
        return;
    elsif v_other.lease_expires_at <= p_now then
        perform give_back(p_venture_id, p_session, v_other.id, format('its lease ran out at %s', v_other.lease_expires_at));
        return;
    end if;
    perform refuse('HF004', format('The session %s holds %s; a session holds one directive at a time.',
        p_session.session_id, v_other.sd_key), format('Release %s first, or switch.', v_other.sd_key),
        jsonb_build_object('sd_key', v_other.sd_key, 'holder', p_session.session_id));
end
$$;

-- Gives a claim back; the session does not come back to it by itself.
create function holdfast.release_directive(
    p_sd_key text, p_epoch bigint, p_token uuid, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_directive directives := require_directive(v_venture, p_sd_key);
    v_session   uuid;
    v_seq       bigint;
begin
    if p_token is null then
        perform refuse('HF001', format('Releasing %s needs the token of its claim.', p_sd_key), 'Bring p_epoch and p_token.');
    end if;
    select s.id into v_session from directive_claims c
    join claude_sessions s on s.venture_id = c.venture_id and s.id = c.session_id
    where c.venture_id = v_venture and c.directive_id = v_directive.id and c.lease_token = p_token
    for no key update of s;  -- sessions are locked before directives
    select * into v_directive from directives where venture_id = v_venture and id = v_directive.id for no key update;
    perform fence_directive(v_venture, v_directive, p_epoch, p_token, holdfast.now());
    update directive_claims set session_id = null, claimed_at = null, lease_token = null, lease_expires_at = null
    where venture_id = v_venture and directive_id = v_directive.id;
    perform keep_place(v_venture, v_session, null);
    update directives set seq = seq + 1 where venture_id = v_venture and id = v_directive.id returning seq into v_seq;
    perform emit(v_venture, 'directive', v_directive.id, v_seq, 'directive.released', jsonb_strip_nulls(
        jsonb_build_object('sd_key', p_sd_key, 'reason', p_reason)));
    return v_seq;
end
$$;
