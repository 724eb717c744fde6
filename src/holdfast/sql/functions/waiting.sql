-- The time in which work does not go on though nobody is slow: its session waits for a person, or nobody holds it. It
-- counts for no pace. Lock order: session, execution.

-- Notes that a session, whose row is locked, waits for a person now, or does not any more; null: as its state says.
create function holdfast.note_waiting(p_venture_id uuid, p_session_id uuid, p_waits boolean default null) returns void
language plpgsql as $$
declare
    v_session claude_sessions;
    v_now     timestamptz := holdfast.now();
    v_waits   boolean;
begin
    select * into v_session from claude_sessions where venture_id = p_venture_id and id = p_session_id;
    v_waits := coalesce(p_waits, v_session.state in ('idle', 'requires_action'));
    if v_waits = (v_session.waiting_since is not null) then
        return;
    end if;
    perform credit_wait(p_venture_id, p_session_id, v_session.waiting_since, v_now);
    update claude_sessions set waiting_since = case when v_waits then v_now end
    where venture_id = p_venture_id and id = p_session_id;
end
$$;

-- A session that works though a question of its own is open does not wait for it.
create function holdfast.note_working(p_session holdfast.claude_sessions) returns holdfast.claude_sessions
language plpgsql as $$
begin
    if p_session.waiting_since is not null and p_session.state not in ('idle', 'requires_action') then
        update claude_sessions set waiting_since = null where venture_id = p_session.venture_id and id = p_session.id;
        p_session.waiting_since := null;
    end if;
    return p_session;
end
$$;

-- Takes a wait that is over out of what the session's executions and their running steps took. Those that somebody
-- holds on his own do not wait with it.
create function holdfast.credit_wait(p_venture_id uuid, p_session_id uuid, p_from timestamptz, p_to timestamptz) returns void
language plpgsql as $$
declare
    v_execution agent_executions;
begin
    if p_from is null or p_from >= p_to then
        return;
    end if;
    for v_execution in
        select * from agent_executions e
        where e.venture_id = p_venture_id and e.session_id = p_session_id and e.status = 'running' and e.kind is null
            and e.lease_token is null
        order by e.id for no key update
    loop
        update agent_executions e set waited_seconds = e.waited_seconds + overlap_seconds(e.started_at, p_from, p_to)
        where e.venture_id = p_venture_id and e.id = v_execution.id;
        update execution_steps s set waited_seconds = s.waited_seconds + overlap_seconds(s.started_at, p_from, p_to)
        where s.venture_id = p_venture_id and s.execution_id = v_execution.id and s.status = 'running';
    end loop;
end
$$;

-- How much of a wait came after something began.
create function holdfast.overlap_seconds(p_begun timestamptz, p_from timestamptz, p_to timestamptz) returns double precision
language sql immutable parallel safe as $$
    select greatest(extract(epoch from p_to - greatest(p_begun, p_from)), 0)::double precision
$$;
