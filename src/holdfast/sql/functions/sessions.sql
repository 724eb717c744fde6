-- One run of one agent program.

-- The row of a session under its lock, for a writer that holds its lease.
create function holdfast.fence_session(p_venture_id uuid, p_session_id text, p_epoch bigint, p_token uuid)
returns holdfast.claude_sessions
language plpgsql as $$
declare
    v_session claude_sessions;
begin
    select * into v_session from claude_sessions
    where venture_id = p_venture_id and session_id = p_session_id for no key update;
    perform require_lease_of(v_session, p_session_id, p_epoch, p_token);
    return v_session;
end
$$;

-- The same for a reader, who locks nothing.
create function holdfast.require_session(p_venture_id uuid, p_session_id text, p_epoch bigint, p_token uuid)
returns holdfast.claude_sessions
language plpgsql stable as $$
declare
    v_session claude_sessions;
begin
    select * into v_session from claude_sessions where venture_id = p_venture_id and session_id = p_session_id;
    perform require_lease_of(v_session, p_session_id, p_epoch, p_token);
    return v_session;
end
$$;

create function holdfast.require_lease_of(
    p_session holdfast.claude_sessions, p_session_id text, p_epoch bigint, p_token uuid)
returns void
language plpgsql as $$
begin
    if p_session.id is null then
        perform refuse('HF003', format('There is no session %s.', p_session_id), 'Start it with start_session.',
            jsonb_build_object('session_id', p_session_id));
    end if;
    if p_session.state = 'ended' then
        perform refuse('HF002', format('The session %s ended at %s.', p_session_id, p_session.ended_at),
            'Start a new one.', jsonb_build_object('session_id', p_session_id, 'from', 'ended'));
    end if;
    perform refuse_stale('session', p_session_id, p_session.lease_epoch, p_session.lease_token,
        p_session.lease_expires_at, p_session.lease_holder, p_epoch, p_token, holdfast.now());
end
$$;

-- Starts a session, or gives one that was interrupted a new lease. A twin of a living one is refused. One that has ended
-- is opened again only where its program resumes it, which any agent program can do with any of its sessions. A process
-- that did not hear the answer, or has lost the token, asks again as the same incarnation and is given a new lease.
create function holdfast.start_session(
    p_session_id text, p_agent text default null, p_holder text default null, p_metadata jsonb default '{}',
    p_lease_seconds double precision default 30, p_reopen boolean default false, p_incarnation text default null,
    p_venture_id uuid default null)
returns table (id uuid, epoch bigint, token uuid, expires_at timestamptz, resumed boolean, away_since timestamptz)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_lease   interval := require_lease_seconds(p_lease_seconds);
    v_session claude_sessions;
    v_now     timestamptz := holdfast.now();
    v_seq     bigint;
begin
    insert into claude_sessions (venture_id, id, session_id, state, agent, created_at)
    values (v_venture, uuid7(), p_session_id, 'starting', p_agent, v_now)
    on conflict (venture_id, session_id) do nothing;
    select * into strict v_session from claude_sessions s
    where s.venture_id = v_venture and s.session_id = p_session_id for no key update;
    v_now := holdfast.now();
    if v_session.state = 'ended' and not p_reopen then
        perform refuse('HF002', format('The session %s ended at %s.', p_session_id, v_session.ended_at), 'Start a new one.');
    elsif v_session.lease_expires_at > v_now and (p_incarnation = v_session.incarnation) is not true then
        perform refuse('HF004', format('The session %s is running under a lease of %s until %s.', p_session_id,
            coalesce(v_session.lease_holder, 'another holder'), v_session.lease_expires_at),
            'Two runs of one session would overwrite each other: stop this one.',
            jsonb_build_object('session_id', p_session_id, 'holder', v_session.lease_holder, 'until', v_session.lease_expires_at));
    end if;
    resumed := v_session.lease_epoch > 0;
    away_since := case when resumed then v_session.heartbeat_at end;
    if resumed and v_session.state not in ('lost', 'ended') and v_session.lease_expires_at <= v_now then  -- its lease ran out and no reaper has said so yet
        update claude_sessions s set state = 'lost', seq = s.seq + 1
        where s.venture_id = v_venture and s.id = v_session.id returning s.seq into v_seq;
        perform emit(v_venture, 'session', v_session.id, v_seq, 'session.lost', jsonb_build_object('session_id', p_session_id));
    end if;
    update claude_sessions s set
        state = 'running', ended_at = null, end_reason = null, agent = coalesce(p_agent, s.agent), metadata = merge_metadata(s.metadata, p_metadata),
        lease_epoch = s.lease_epoch + 1, lease_token = gen_random_uuid(), lease_holder = p_holder,
        incarnation = p_incarnation, lease_expires_at = v_now + v_lease, heartbeat_at = v_now,
        expected_silence_until = null, waiting_since = null, seq = s.seq + 1
    where s.venture_id = v_venture and s.id = v_session.id
    returning s.id, s.lease_epoch, s.lease_token, s.lease_expires_at, s.seq
    into id, epoch, token, expires_at, v_seq;
    perform credit_wait(v_venture, id, coalesce(v_session.waiting_since, v_session.heartbeat_at), v_now);
    perform emit(v_venture, 'session', id, v_seq, case when resumed then 'session.resumed' else 'session.started' end,
        jsonb_strip_nulls(jsonb_build_object('session_id', p_session_id, 'agent', p_agent, 'epoch', epoch, 'holder', p_holder)),
        p_session_id);
    return next;
end
$$;

-- Moves a session between its live states, and merges what it says of itself key by key.
create function holdfast.save_session(
    p_session_id text, p_epoch bigint, p_token uuid, p_state holdfast.session_state default null,
    p_metadata jsonb default '{}', p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_seq     bigint;
begin
    if p_state is distinct from v_session.state and p_state is not null then
        perform require_drawn('session', p_session_id, v_session.state::text, p_state::text,
            is_drawn(v_session.state, p_state) and p_state not in ('ended', 'lost'));
    end if;
    update claude_sessions set
        state = coalesce(p_state, state), seq = seq + 1,
        metadata = merge_metadata(metadata, p_metadata)
    where venture_id = v_venture and id = v_session.id returning seq into v_seq;
    if p_state is distinct from v_session.state and p_state is not null then
        perform note_waiting(v_venture, v_session.id);
    end if;
    perform emit(v_venture, 'session', v_session.id, v_seq, 'session.saved', jsonb_strip_nulls(jsonb_build_object(
        'session_id', p_session_id, 'state', p_state, 'metadata', nullif(p_metadata, '{}'))), p_session_id);
    return v_seq;
end
$$;

-- A neighbour's field is never wiped: objects are merged key by key, two levels deep.
create function holdfast.merge_metadata(p_old jsonb, p_new jsonb) returns jsonb
language sql immutable parallel safe as $$
    select p_old || coalesce((select jsonb_object_agg(n.key,
        case when jsonb_typeof(n.value) = 'object' and jsonb_typeof(p_old -> n.key) = 'object'
            then (p_old -> n.key) || n.value else n.value end)
        from jsonb_each(p_new) as n), '{}')
$$;

-- Renews the lease of a session and of what it holds; says what it holds, also where that lease ran out. A beat carries
-- no event, unless it ends a declared silence; one that only says that the process lives does not.
create function holdfast.renew_session(
    p_session_id text, p_epoch bigint, p_token uuid, p_lease_seconds double precision default 30,
    p_is_heard boolean default true, p_venture_id uuid default null)
returns table (
    expires_at timestamptz, silence_ended boolean, sd_key text, claim_epoch bigint, claim_expires_at timestamptz,
    claim_held boolean)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_lease   interval := require_lease_seconds(p_lease_seconds);
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_claim   directive_claims := lock_claim(v_venture, v_session.id);
    v_now     timestamptz := holdfast.now();
    v_seq     bigint;
begin
    silence_ended := p_is_heard and v_session.expected_silence_until is not null;
    claim_held := coalesce(v_claim.lease_expires_at > v_now, false);
    -- What a silence has prolonged is taken back: who speaks again is missed again when it stops.
    expires_at := case when silence_ended then v_now + v_lease else greatest(v_session.lease_expires_at, v_now + v_lease) end;
    update claude_sessions s set lease_expires_at = expires_at, heartbeat_at = v_now, seq = s.seq + silence_ended::integer,
        expected_silence_until = case when not silence_ended then s.expected_silence_until end
    where s.venture_id = v_venture and s.id = v_session.id returning s.seq into v_seq;
    if claim_held then
        update directive_claims c set lease_expires_at =
            case when silence_ended then v_now + v_lease else greatest(c.lease_expires_at, v_now + v_lease) end
        where c.venture_id = v_venture and c.directive_id = v_claim.directive_id
        returning c.lease_expires_at into v_claim.lease_expires_at;
    end if;
    if silence_ended then
        perform emit(v_venture, 'session', v_session.id, v_seq, 'session.silence_ended',
            jsonb_build_object('session_id', p_session_id), p_session_id);
    end if;
    select d.sd_key into sd_key from directives d where d.venture_id = v_venture and d.id = v_claim.directive_id;
    claim_epoch := v_claim.lease_epoch;
    claim_expires_at := v_claim.lease_expires_at;
    return next;
end
$$;

-- Declares that nothing will be heard of a session for a while though it is well: a long tool call, a limit that has
-- to reset. Its leases last until then; the next heartbeat ends the silence.
create function holdfast.declare_silence(
    p_session_id text, p_epoch bigint, p_token uuid, p_minutes double precision, p_reason text default null,
    p_venture_id uuid default null)
returns timestamptz
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_claim   directive_claims := lock_claim(v_venture, v_session.id);
    v_now     timestamptz := holdfast.now();
    v_until   timestamptz;
    v_seq     bigint;
begin
    if p_minutes is null or not (p_minutes > 0 and p_minutes <= 45) then
        perform refuse('HF005', format('minutes = %s is not between 0 and 45.', p_minutes),
            'Declare at most 45 minutes, and declare again when they are over.', jsonb_build_object('minutes', p_minutes));
    end if;
    v_until := v_now + make_interval(secs => p_minutes * 60);
    update claude_sessions s set expected_silence_until = v_until, heartbeat_at = v_now,
        lease_expires_at = greatest(s.lease_expires_at, v_until), seq = s.seq + 1
    where s.venture_id = v_venture and s.id = v_session.id returning s.seq into v_seq;
    update directive_claims c set lease_expires_at = greatest(c.lease_expires_at, v_until)
    where c.venture_id = v_venture and c.directive_id = v_claim.directive_id and c.lease_expires_at > v_now;
    perform emit(v_venture, 'session', v_session.id, v_seq, 'session.silent', jsonb_strip_nulls(jsonb_build_object(
        'session_id', p_session_id, 'until', v_until, 'reason', p_reason)), p_session_id);
    return v_until;
end
$$;

-- The claim of a session under its lock, or nothing. Only the session itself adds one, and its row is locked before.
create function holdfast.lock_claim(p_venture_id uuid, p_session_id uuid) returns holdfast.directive_claims
language plpgsql as $$
declare
    v_claim directive_claims;
begin
    select * into v_claim from directive_claims
    where venture_id = p_venture_id and session_id = p_session_id for no key update;
    return v_claim;
end
$$;

-- Ends a session: its claim is given back and its walk through an orchestrator's children stops.
create function holdfast.end_session(
    p_session_id text, p_epoch bigint, p_token uuid, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
begin
    return end_locked_session(fence_session(v_venture, p_session_id, p_epoch, p_token), p_reason, p_session_id);
end
$$;

create function holdfast.end_locked_session(p_session holdfast.claude_sessions, p_reason text, p_actor text) returns bigint
language plpgsql as $$
declare
    v_venture uuid := p_session.venture_id;
    v_seq     bigint;
begin
    perform require_drawn('session', p_session.session_id, p_session.state::text, 'ended', is_drawn(p_session.state, 'ended'));
    perform release_claims(v_venture, p_session, 'the session ended');
    perform close_todos(v_venture, p_session, 'the session ended', p_every => true);
    perform deactivate_auto_proceed_session(p_session.session_id, v_venture)
    from auto_proceed_sessions a where a.venture_id = v_venture and a.session_id = p_session.session_id and a.is_active;
    update claude_sessions set state = 'ended', ended_at = greatest(holdfast.now(), created_at), end_reason = p_reason,
        lease_expires_at = null, expected_silence_until = null, waiting_since = null, seq = seq + 1
    where venture_id = v_venture and id = p_session.id returning seq into v_seq;
    perform emit(v_venture, 'session', p_session.id, v_seq, 'session.ended', jsonb_strip_nulls(
        jsonb_build_object('session_id', p_session.session_id, 'reason', p_reason)), p_actor);
    return v_seq;
end
$$;

-- Gives a session's lease up, for whoever goes on with it: its claim is given back, and it counts as lost until then.
create function holdfast.interrupt_session(
    p_session_id text, p_epoch bigint, p_token uuid, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_seq     bigint;
begin
    perform require_drawn('session', p_session_id, v_session.state::text, 'lost', is_drawn(v_session.state, 'lost'));
    perform release_claims(v_venture, v_session, p_reason);
    update claude_sessions set state = 'lost', lease_expires_at = null, expected_silence_until = null, seq = seq + 1
    where venture_id = v_venture and id = v_session.id returning seq into v_seq;
    perform emit(v_venture, 'session', v_session.id, v_seq, 'session.lost', jsonb_strip_nulls(
        jsonb_build_object('session_id', p_session_id, 'reason', p_reason)), p_session_id);
    return v_seq;
end
$$;

-- Gives back what a session holds; it stays the session's place, to which it comes back.
create function holdfast.release_claims(p_venture_id uuid, p_session holdfast.claude_sessions, p_reason text) returns void
language plpgsql as $$
declare
    v_held uuid;
begin
    select d.id into v_held from directive_claims c
    join directives d on d.venture_id = c.venture_id and d.id = c.directive_id
    where c.venture_id = p_venture_id and c.session_id = p_session.id for no key update of d;
    if found then
        perform give_back(p_venture_id, p_session, v_held, p_reason);
    end if;
end
$$;

-- Keeps with a session what it works on, under the names of the older format: whoever resumes it goes on from there.
-- Silent, since the event of the directive tells of it; the session's row is locked.
create function holdfast.keep_place(p_venture_id uuid, p_session_id uuid, p_directive holdfast.directives) returns void
language sql as $$
    update claude_sessions s set metadata = merge_metadata(s.metadata, jsonb_build_object('execution_state',
        jsonb_build_object('currentSd', p_directive.sd_key, 'currentPhase', p_directive.phase,
            'currentTask', case when s.metadata -> 'execution_state' ->> 'currentSd' = p_directive.sd_key
                then s.metadata -> 'execution_state' -> 'currentTask' end,
            'isActive', p_directive.sd_key is not null, 'wasInterrupted', false, 'lastUpdatedAt', holdfast.now())))
    where s.venture_id = p_venture_id and s.id = p_session_id
$$;
