-- A session finishes what it has and claims what comes next, in one transaction.
-- Lock order: session, the venture's walkers, directives by id, claims, the walk's own rows.

-- Finishes the child that the caller names and hands out the next: continue, chain to the next orchestrator, or pause.
-- Without an outcome it finishes nothing, and says what to go on with. The caller names the claim that it finishes, so
-- the same call after a lost answer finishes nothing twice: it tells again what is next, under a new token.
create function holdfast.advance(
    p_session_id text, p_epoch bigint, p_token uuid, p_sd_key text default null,
    p_outcome holdfast.advance_outcome default null, p_claim_epoch bigint default null, p_evidence jsonb default null,
    p_reason text default null, p_lease_seconds double precision default 30, p_settings jsonb default '{}',
    p_venture_id uuid default null)
returns table (
    decision holdfast.advance_decision, sd_key text, title text, phase holdfast.directive_phase, epoch bigint, token uuid,
    expires_at timestamptz, mechanism text, taken_from text, orchestrator_key text, is_final boolean, failures integer, why text,
    pause_reason holdfast.pause_reason, blocked jsonb)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_lease   interval := require_lease_seconds(p_lease_seconds);
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_walk    auto_proceed_walks;
    v_step    walk_step;
    v_on      boolean;
    v_pause   record;
begin
    perform require_walk_settings(p_settings);
    if p_sd_key is null and p_outcome <> 'unfinished' then
        perform refuse('HF005', format('sd_key is null; %s is said of a directive.', p_outcome), 'Name what is finished.');
    end if;
    -- Two sessions that walk one tree take turns: the second sees what the first has taken, and neither holds a
    -- directive while it waits for another.
    perform pg_advisory_xact_lock(hashtextextended('holdfast.advance/' || v_venture, 0));
    v_walk := walk_to_use(v_venture, v_session, p_settings);
    v_on := v_walk.id is not null and coalesce((p_settings ->> 'auto_proceed')::boolean, true);
    v_step := plan_step(v_venture, v_session, v_walk, p_sd_key, p_outcome, p_claim_epoch, v_on);
    perform from directives d where d.venture_id = v_venture and d.id in (v_step.current_id, v_step.next_id)
    order by d.id for no key update;
    perform from directive_claims c where c.venture_id = v_venture and c.directive_id in (v_step.current_id, v_step.next_id)
    order by c.directive_id for no key update;
    if plan_step(v_venture, v_session, v_walk, p_sd_key, p_outcome, p_claim_epoch, v_on) is distinct from v_step then
        raise exception using errcode = 'serialization_failure',  -- a client makes such a call again by itself
            message = 'The tree changed while this session advanced.', hint = 'Nothing was changed: make the same call again.';
    end if;
    v_walk := note_step(v_walk, v_step, p_claim_epoch, p_sd_key);
    perform finish_step_of_walk(v_venture, v_session, v_step, p_evidence, p_reason);
    select * into v_pause from why_pause(v_venture, v_session, v_walk, v_step, v_on, p_reason);
    if v_pause.reason is not null then
        return query select 'pause'::advance_decision, h.sd_key, h.title::text, h.phase, null::bigint, null::uuid, null::timestamptz,
            null::text, null::text, o.sd_key, null::boolean, null::integer, v_pause.why, v_pause.reason, v_pause.blocked
        from pause_walk(v_venture, v_session, v_walk, v_step, v_pause.reason, v_pause.why, v_pause.blocked) as p (held_id)
        left join directives h on h.venture_id = v_venture and h.id = p.held_id
        left join directives o on o.venture_id = v_venture and o.id = v_walk.orchestrator_id;
        return;
    end if;
    return query select * from hand_out(v_venture, v_session, v_walk, v_step, p_epoch, p_token, p_lease_seconds);
end
$$;

-- The active walk, under the settings of this call. A session that was told to go on by itself, and has a part of an
-- orchestrator, needs no other beginning; one that an older client began has none of the engine's own rows yet.
create function holdfast.walk_to_use(p_venture_id uuid, p_session holdfast.claude_sessions, p_settings jsonb)
returns holdfast.auto_proceed_walks
language plpgsql as $$
declare
    v_walk auto_proceed_walks := active_walk(p_venture_id, p_session.session_id);
    v_root uuid;
begin
    if v_walk.id is not null then
        perform set_walk_limits(p_venture_id, v_walk.id, p_settings);
        return active_walk(p_venture_id, p_session.session_id);
    end if;
    select d.id into v_root from auto_proceed_sessions a
    join directives d on d.venture_id = a.venture_id and d.sd_key = a.parent_orchestrator_key
    where a.venture_id = p_venture_id and a.session_id = p_session.session_id and a.is_active;
    if v_root is null and (p_settings ->> 'auto_proceed')::boolean then
        select coalesce(d.parent_id, d.id) into v_root from directives d
        left join directive_claims c on c.venture_id = d.venture_id and c.directive_id = d.id and c.session_id = p_session.id
        where d.venture_id = p_venture_id
            -- what its agent has completed itself was its place until then
            and (c.session_id is not null or d.sd_key = p_session.metadata -> 'execution_state' ->> 'currentSd')
        order by c.session_id nulls last limit 1;
    end if;
    if v_root is not null then
        v_walk := open_walk(p_venture_id, p_session, v_root, p_settings);
    end if;
    return v_walk;
end
$$;

-- What this call will do, as things stand: what is finished, what it becomes, whether the session stays with it, and
-- what is next. Changes nothing.
create function holdfast.plan_step(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_walk holdfast.auto_proceed_walks, p_sd_key text,
    p_outcome holdfast.advance_outcome, p_claim_epoch bigint, p_on boolean)
returns holdfast.walk_step
language plpgsql stable as $$
declare
    v_step walk_step;
    v_held directive_claims;
    v_now  directives;
begin
    select * into v_held from directive_claims c where c.venture_id = p_venture_id and c.session_id = p_session.id;
    if p_sd_key is not null then
        v_now := require_directive(p_venture_id, p_sd_key);
        v_step.outcome := outcome_that_counts(p_walk, v_now, v_held, p_outcome, p_claim_epoch);
    end if;
    if v_step.outcome is null then
        select d.* into v_now from directives d where d.venture_id = p_venture_id and d.id = v_held.directive_id;
        v_step.outcome := case when p_sd_key is null and p_outcome = 'unfinished' and v_now.id is not null then p_outcome end;
    end if;
    v_step.current_id := v_now.id;
    v_step.root_id := p_walk.orchestrator_id;
    v_step.becomes := case when v_step.outcome = 'completed' then 'completed'
        when v_step.outcome = 'blocked' or v_step.outcome = 'failed' and v_now.failures >= max_retries() then 'blocked'
        else 'active' end;
    -- An orchestrator that is held is given back for what is below it.
    v_step.stays := v_now.id is not null and v_step.becomes = 'active' and not (p_on and exists (
        select from directives k where k.venture_id = p_venture_id and k.parent_id = v_now.id
            and k.status not in ('completed', 'cancelled')));
    if v_step.stays then
        v_step.next_id := v_now.id;
    elsif p_on then
        v_step.next_id := next_directive(p_venture_id, v_step.root_id, p_session.id, v_now.id, v_step.becomes);
        if v_step.next_id is null and chains(p_venture_id, p_walk, v_now.id, v_step.becomes) then
            select n.root_id, n.next_id into v_step.root_id, v_step.next_id
            from next_orchestrator(p_venture_id, p_session.id, p_walk.orchestrator_id, v_now.id, v_step.becomes) n;
            v_step.root_id := coalesce(v_step.root_id, p_walk.orchestrator_id);
        end if;
    end if;
    return v_step;
end
$$;

-- Whether a walk goes on with another orchestrator: its own is over, and it was told to.
create function holdfast.chains(
    p_venture_id uuid, p_walk holdfast.auto_proceed_walks, p_current uuid, p_becomes holdfast.directive_status)
returns boolean
language sql stable as $$
    select coalesce((select a.chain_orchestrators and holdfast.status_then(o, p_current, p_becomes) in ('completed', 'cancelled')
        from holdfast.auto_proceed_sessions a
        join holdfast.directives o on o.venture_id = a.venture_id and o.id = p_walk.orchestrator_id
        where a.venture_id = p_venture_id and a.id = p_walk.id), false)
$$;

-- What a caller's outcome counts for. Nothing where it was counted before, or where the directive is over already in
-- that way; refused where the session does not have what it finishes.
create function holdfast.outcome_that_counts(
    p_walk holdfast.auto_proceed_walks, p_directive holdfast.directives, p_held holdfast.directive_claims,
    p_outcome holdfast.advance_outcome, p_claim_epoch bigint)
returns holdfast.advance_outcome
language plpgsql stable as $$
begin
    if p_outcome is null or p_walk.finished_id = p_directive.id
        and (p_claim_epoch = p_walk.finished_epoch
            or p_claim_epoch is null and p_held.directive_id is distinct from p_directive.id) then
        return null;
    elsif p_directive.status <> 'active' then
        if p_outcome::text not in (p_directive.status::text, 'unfinished') then
            perform require_drawn('directive', p_directive.sd_key, p_directive.status::text, p_outcome::text, false);
        end if;
        return null;
    elsif p_held.directive_id is distinct from p_directive.id
        or p_claim_epoch is not null and p_claim_epoch <> p_held.lease_epoch then
        if p_outcome <> 'unfinished' then
            perform refuse('HF001', format('The session does not hold %s under that claim any more.', p_directive.sd_key),
                'Stop this work; advance without an outcome to be told what to go on with.',
                jsonb_build_object('noun', 'directive', 'name', p_directive.sd_key));
        end if;
        return null;
    end if;
    return p_outcome;
end
$$;

-- Notes on the walk what this call is about, before its effects are worked out.
create function holdfast.note_step(
    p_walk holdfast.auto_proceed_walks, p_step holdfast.walk_step, p_claim_epoch bigint, p_sd_key text)
returns holdfast.auto_proceed_walks
language plpgsql as $$
begin
    if p_walk.id is null or p_step.outcome is null then
        return p_walk;
    end if;
    update auto_proceed_walks w set
        finished_id = p_step.current_id, finished_epoch = coalesce(p_claim_epoch, c.lease_epoch),
        unfinished = case when p_step.outcome = 'unfinished' then w.unfinished + 1 else 0 end
    from directive_claims c
    where w.venture_id = p_walk.venture_id and w.id = p_walk.id
        and c.venture_id = w.venture_id and c.directive_id = p_step.current_id
    returning w.* into p_walk;
    return p_walk;
end
$$;

-- Does to the current child what its outcome says; its row is locked.
create function holdfast.finish_step_of_walk(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_step holdfast.walk_step, p_evidence jsonb, p_reason text)
returns void
language plpgsql as $$
declare
    v_now   directives;
    v_claim directive_claims;
    v_open  text;
begin
    if p_step.outcome is null or p_step.outcome = 'unfinished' then
        return;
    end if;
    select * into strict v_now from directives where venture_id = p_venture_id and id = p_step.current_id;
    if p_step.outcome = 'failed' then
        perform count_failure(v_now, p_evidence, p_reason, p_session.session_id);
        if p_step.becomes = 'active' then
            return;
        end if;
        p_reason := format('it failed %s times: %s', max_retries() + 1, coalesce(p_reason, told_run(given_evidence(v_now, p_evidence))));
        p_evidence := null;
    elsif p_step.outcome = 'completed' then
        select string_agg(k.sd_key, ', ' order by k.priority, k.created_at) into v_open from directives k
        where k.venture_id = p_venture_id and k.parent_id = v_now.id and k.status not in ('completed', 'cancelled');
        if v_open is not null then
            perform refuse('HF010', format('%s is not done: %s below it are not over.', v_now.sd_key, v_open),
                'Finish or cancel these first.', jsonb_build_object('sd_key', v_now.sd_key));
        end if;
    end if;
    select * into v_claim from directive_claims
    where venture_id = p_venture_id and directive_id = v_now.id and lease_expires_at > holdfast.now();
    perform move_directive(v_now.sd_key, p_step.becomes, p_reason, v_claim.lease_epoch, v_claim.lease_token, p_evidence,
        p_venture_id => p_venture_id);
end
$$;

-- Claims what is next, or what the session has once more, under a new token.
create function holdfast.hand_out(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_walk holdfast.auto_proceed_walks, p_step holdfast.walk_step,
    p_epoch bigint, p_token uuid, p_lease_seconds double precision)
returns table (
    decision holdfast.advance_decision, sd_key text, title text, phase holdfast.directive_phase, epoch bigint, token uuid,
    expires_at timestamptz, mechanism text, taken_from text, orchestrator_key text, is_final boolean, failures integer, why text,
    pause_reason holdfast.pause_reason, blocked jsonb)
language plpgsql as $$
#variable_conflict use_column
declare
    v_next  directives;
    v_again boolean := p_step.outcome is null and p_step.stays;
begin
    select * into strict v_next from directives d where d.venture_id = p_venture_id and d.id = p_step.next_id;
    if p_step.current_id <> v_next.id then
        perform give_back(p_venture_id, p_session, p_step.current_id, format('its session goes on with %s', v_next.sd_key));
    end if;
    select c.epoch, c.token, c.expires_at, c.mechanism, c.taken_from into epoch, token, expires_at, mechanism, taken_from
    from claim_directive(p_session.session_id, p_epoch, p_token, v_next.sd_key, p_lease_seconds, p_venture_id => p_venture_id) c;
    is_final := exists (select from directives k where k.venture_id = p_venture_id and k.parent_id = v_next.id);
    select o.sd_key into orchestrator_key from directives o where o.venture_id = p_venture_id and o.id = p_step.root_id;
    decision := case when p_step.root_id <> p_walk.orchestrator_id then 'chain'
        when v_again and p_walk.decision = 'chain' and p_walk.directive_id = v_next.id then 'chain' else 'continue' end;
    why := why_this(p_walk, p_step, v_next, decision, is_final, orchestrator_key);
    update auto_proceed_walks w set
        orchestrator_id = p_step.root_id, directive_id = v_next.id, decision = hand_out.decision, why = hand_out.why, pause_reason = null,
        chain_depth = w.chain_depth + (p_step.root_id <> p_walk.orchestrator_id)::integer,
        iterations = w.iterations + (not v_again or p_walk.directive_id is distinct from v_next.id)::integer,
        -- Who asks again what was told counts no less often; who asks after a pause was sent by a person.
        unfinished = case when p_step.stays and p_step.outcome = 'unfinished' or v_again and w.directive_id = v_next.id
            and w.pause_reason is null then w.unfinished else 0 end
    where w.venture_id = p_venture_id and w.id = p_walk.id;
    perform begin_item(p_walk, v_next.id, v_next.failures);
    perform show_walk(p_venture_id, p_walk.id, v_next.id);
    sd_key := v_next.sd_key;
    title := v_next.title;
    phase := v_next.phase;
    failures := v_next.failures;
    blocked := '[]';
    perform emit_advanced(p_venture_id, p_session, p_step, jsonb_build_object('decision', decision, 'sd_key', sd_key,
        'orchestrator', orchestrator_key, 'why', why));
    return next;
end
$$;

create function holdfast.why_this(
    p_walk holdfast.auto_proceed_walks, p_step holdfast.walk_step, p_next holdfast.directives,
    p_decision holdfast.advance_decision, p_is_final boolean, p_orchestrator_key text)
returns text
language sql stable as $$
    select case
        when p_step.stays and p_step.outcome = 'failed'
            then format('it failed: attempt %s of %s', p_next.failures + 1, holdfast.max_retries() + 1)
        when p_step.stays and p_step.outcome = 'unfinished' then 'it is not finished'
        when p_step.stays then coalesce(case when p_walk.directive_id = p_next.id and p_walk.pause_reason is null
            then p_walk.why end, 'the session has it')
        when p_decision = 'chain' then format('the orchestrator before it is over; %s is the next', p_orchestrator_key)
        when p_is_final then 'all below it is over; its own verification is left'
        else 'next by priority, then age' end
$$;

-- Tells what came of it in the session's stream.
create function holdfast.emit_advanced(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_step holdfast.walk_step, p_told jsonb)
returns void
language plpgsql as $$
declare
    v_seq bigint;
begin
    update claude_sessions s set seq = s.seq + 1
    where s.venture_id = p_venture_id and s.id = p_session.id returning s.seq into v_seq;
    perform emit(p_venture_id, 'session', p_session.id, v_seq, 'session.advanced', jsonb_strip_nulls(jsonb_build_object(
        'session_id', p_session.session_id, 'outcome', p_step.outcome, 'finished', (
            select d.sd_key from directives d where d.venture_id = p_venture_id and d.id = p_step.current_id
                and p_step.outcome is not null)) || p_told), p_session.session_id);
end
$$;
