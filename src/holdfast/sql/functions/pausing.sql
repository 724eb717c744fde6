-- Why a walk pauses, and what it says then.

-- Why the session pauses instead of going on; nothing: it goes on.
create function holdfast.why_pause(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_walk holdfast.auto_proceed_walks, p_step holdfast.walk_step,
    p_on boolean, p_reason text)
returns table (reason holdfast.pause_reason, why text, blocked jsonb)
language plpgsql stable as $$
#variable_conflict use_column
declare
    v_target   directives;
    v_question record;
begin
    blocked := '[]';
    select d.* into v_target from directives d where d.venture_id = p_venture_id and d.id = p_step.next_id;
    -- An outcome whose reason begins so stops the walk at once, whatever else there is to do.
    if p_step.outcome in ('blocked', 'failed') and p_reason ~* '^\s*(security|data[ _-]?loss)\s*:' then
        select 'security', p_reason, jsonb_build_array(jsonb_build_object('sd_key', d.sd_key, 'kind', 'security', 'by', p_reason))
        into reason, why, blocked from directives d where d.venture_id = p_venture_id and d.id = p_step.current_id;
    elsif flag_of(v_target, 'security', 'data_loss') is not null then
        reason := 'security';
        why := format('%s: %s', v_target.sd_key, flag_of(v_target, 'security', 'data_loss'));
        blocked := jsonb_build_array(jsonb_build_object('sd_key', v_target.sd_key, 'kind', 'security',
            'by', flag_of(v_target, 'security', 'data_loss')));
    elsif not p_on then
        reason := 'auto_proceed_off';
        why := case when p_walk.id is null then 'the session walks no orchestrator' else 'auto-proceed is off' end;
    elsif exists (select from questions q where q.venture_id = p_venture_id and q.session_id = p_session.id and q.status = 'open') then
        select count(*) as count, min(q.message) as message, jsonb_agg(jsonb_build_object('question_id', q.id, 'kind', 'question',
            'by', left(q.message, 500))) as told into v_question
        from questions q where q.venture_id = p_venture_id and q.session_id = p_session.id and q.status = 'open';
        reason := 'human_decision';
        why := format('%s of this session: %s', case when v_question.count = 1 then 'an open question'
            else v_question.count || ' open questions' end, left(v_question.message, 500));
        blocked := v_question.told;
    elsif flag_of(v_target, 'human_decision') is not null then
        reason := 'human_decision';
        why := format('%s waits for a person: %s', v_target.sd_key, flag_of(v_target, 'human_decision'));
        blocked := jsonb_build_array(jsonb_build_object('sd_key', v_target.sd_key, 'kind', 'human_decision',
            'by', flag_of(v_target, 'human_decision')));
    elsif v_target.id is not null then
        why := limit_reached(p_walk, p_step);
        reason := case when why is not null then 'limits_reached' end;
    else
        return query select * from why_nothing_is_next(p_venture_id, p_session, p_walk);
        return;
    end if;
    if reason is not null then
        return next;
    end if;
end
$$;

-- What a directive's metadata says under the first of some keys that it has: a text, or true.
create function holdfast.flag_of(p_directive holdfast.directives, variadic p_keys text[]) returns text
language sql immutable parallel safe as $$
    select case when p_directive.metadata -> k.key = 'true' then 'marked as ' || k.key else p_directive.metadata ->> k.key end
    from unnest(p_keys) as k (key)
    where coalesce(p_directive.metadata -> k.key, 'null') not in ('null', 'false', '""') limit 1
$$;

create function holdfast.limit_reached(p_walk holdfast.auto_proceed_walks, p_step holdfast.walk_step) returns text
language sql immutable parallel safe as $$
    select case
        when p_walk.unfinished > p_walk.max_unfinished and p_step.stays and p_step.outcome = 'unfinished'
            then format('max_unfinished = %s is reached: the agent stopped %s times in a row', p_walk.max_unfinished, p_walk.unfinished)
        when p_walk.iterations >= p_walk.max_iterations and (p_step.outcome is not null or not p_step.stays)
            then format('max_iterations = %s is reached', p_walk.max_iterations)
        when p_walk.chain_depth >= p_walk.max_chain_depth and p_step.root_id <> p_walk.orchestrator_id
            then format('max_chain_depth = %s is reached', p_walk.max_chain_depth) end
$$;

create function holdfast.why_nothing_is_next(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_walk holdfast.auto_proceed_walks)
returns table (reason holdfast.pause_reason, why text, blocked jsonb)
language plpgsql stable as $$
#variable_conflict use_column
declare
    v_root   directives;
    v_chains boolean;
begin
    blocked := '[]';
    select * into strict v_root from directives d where d.venture_id = p_venture_id and d.id = p_walk.orchestrator_id;
    if v_root.status in ('completed', 'cancelled') then
        reason := 'orchestrator_done';
        why := format('%s is %s, and %s', v_root.sd_key, v_root.status, case
            when chains(p_venture_id, p_walk, null, null) then 'no other orchestrator has work that can be begun'
            else 'chaining is off' end);
        return next;
        return;
    end if;
    blocked := stuck_directives(p_venture_id, v_root.id, p_session.id);
    reason := case when jsonb_path_exists(blocked, '$[*] ? (@.kind == "failed")') then 'failed' else 'all_blocked' end;
    why := (select string_agg(format('%s: %s', b ->> 'sd_key', b ->> 'by'), '; ') from jsonb_array_elements(blocked) as b);
    return next;
end
$$;

-- Pauses: what the session still has it keeps. A walk whose orchestrator is over is over itself. Gives what is held.
create function holdfast.pause_walk(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_walk holdfast.auto_proceed_walks, p_step holdfast.walk_step,
    p_reason holdfast.pause_reason, p_why text, p_blocked jsonb)
returns uuid
language plpgsql as $$
declare
    v_held   uuid := (select c.directive_id from directive_claims c
        where c.venture_id = p_venture_id and c.session_id = p_session.id);
    v_told   boolean := p_walk.decision = 'pause' and p_step.outcome is null;
begin
    if p_walk.id is not null then
        update auto_proceed_walks set decision = 'pause', pause_reason = p_reason, why = p_why, directive_id = v_held
        where venture_id = p_venture_id and id = p_walk.id;
        perform end_items(p_walk, v_held);
        perform show_walk(p_venture_id, p_walk.id, v_held);
    end if;
    perform emit_advanced(p_venture_id, p_session, p_step, jsonb_build_object('decision', 'pause', 'reason', p_reason,
        'why', p_why, 'blocked', nullif(p_blocked, '[]')));
    perform keep_place(p_venture_id, p_session.id, h)
    from (select p_venture_id as venture_id, v_held as id) as x
    left join directives h using (venture_id, id);
    if p_reason = 'orchestrator_done' then
        perform deactivate_auto_proceed_session(p_session.session_id, p_venture_id);  -- which tells the summary
    elsif p_walk.id is not null and v_told is not true then
        perform emit_summary(p_venture_id, p_session.id, p_session.session_id, p_walk.id);
    end if;
    return v_held;
end
$$;
