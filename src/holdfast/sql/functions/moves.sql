-- The state machines, as the enums' comments draw them. What is not drawn is refused, whoever asks.

create function holdfast.is_drawn(p_from holdfast.directive_status, p_to holdfast.directive_status) returns boolean
language sql immutable parallel safe as $$
    select case p_from
        when 'draft' then p_to = 'active'
        when 'active' then p_to in ('completed', 'blocked', 'cancelled')
        when 'blocked' then p_to = 'active'
        else false end
$$;

create function holdfast.is_drawn(p_from holdfast.directive_phase, p_to holdfast.directive_phase) returns boolean
language sql immutable parallel safe as $$
    select case p_from
        when 'LEAD' then p_to = 'PLAN'
        when 'PLAN' then p_to in ('EXEC', 'LEAD')
        when 'EXEC' then p_to in ('COMPLETE', 'PLAN')
        when 'COMPLETE' then p_to = 'EXEC'
        else false end
$$;

create function holdfast.is_drawn(p_from holdfast.session_state, p_to holdfast.session_state) returns boolean
language sql immutable parallel safe as $$
    select case p_from
        when 'starting' then p_to in ('running', 'idle', 'requires_action', 'ended', 'lost')
        when 'running' then p_to in ('idle', 'requires_action', 'ended', 'lost')
        when 'idle' then p_to in ('running', 'requires_action', 'ended', 'lost')
        when 'requires_action' then p_to in ('running', 'idle', 'ended', 'lost')
        when 'lost' then p_to = 'running'
        when 'ended' then p_to = 'running'
        else false end
$$;

create function holdfast.is_drawn(p_from holdfast.supervisor_state, p_to holdfast.supervisor_state) returns boolean
language sql immutable parallel safe as $$
    select case p_from
        when 'starting' then p_to in ('working', 'waiting_for_tasks', 'waiting_for_answers', 'paused', 'failed')
        when 'working' then p_to in ('waiting_for_tasks', 'waiting_for_answers', 'paused', 'completed', 'failed')
        when 'waiting_for_tasks' then p_to in ('working', 'waiting_for_answers', 'paused', 'completed', 'failed')
        when 'waiting_for_answers' then p_to in ('working', 'waiting_for_tasks', 'paused', 'completed', 'failed')
        when 'paused' then p_to in ('working', 'waiting_for_tasks', 'waiting_for_answers', 'completed', 'failed')
        else false end
$$;

create function holdfast.is_drawn(p_from holdfast.execution_status, p_to holdfast.execution_status) returns boolean
language sql immutable parallel safe as $$
    select case p_from
        when 'pending' then p_to in ('running', 'cancelled')
        when 'running' then p_to in ('completed', 'failed', 'cancelled')
        else false end
$$;

create function holdfast.is_drawn(p_from holdfast.execution_step_status, p_to holdfast.execution_step_status) returns boolean
language sql immutable parallel safe as $$
    select case p_from
        when 'running' then p_to in ('completed', 'failed', 'skipped')
        when 'failed' then p_to = 'completed'
        else false end
$$;

create function holdfast.is_drawn(p_from holdfast.question_status, p_to holdfast.question_status) returns boolean
language sql immutable parallel safe as $$
    select case p_from
        when 'open' then p_to in ('answered', 'expired', 'withdrawn')
        when 'answered' then p_to = 'delivered'
        when 'delivered' then p_to = 'acknowledged'
        else false end
$$;

create function holdfast.is_drawn(p_from holdfast.plan_status, p_to holdfast.plan_status) returns boolean
language sql immutable parallel safe as $$
    select case p_from
        when 'pending' then p_to in ('ready', 'skipped')
        when 'ready' then p_to in ('running', 'skipped')
        when 'running' then p_to in ('waiting', 'verifying', 'completed', 'failed')
        when 'waiting' then p_to in ('running', 'failed')
        when 'verifying' then p_to in ('completed', 'failed')
        when 'failed' then p_to = 'ready'
        else false end
$$;

-- Refuses a move that is not drawn, in the same words for every noun.
create function holdfast.require_drawn(p_noun text, p_name text, p_from text, p_to text, p_drawn boolean) returns void
language plpgsql immutable as $$
begin
    if p_drawn is not true then
        perform refuse('HF002', format('%s %s is %s; from there it cannot become %s.', p_noun, p_name, p_from, p_to),
            'Read its state again; the allowed moves are drawn in ARCHITECTURE.md.',
            jsonb_build_object('noun', p_noun, 'name', p_name, 'from', p_from, 'to', p_to));
    end if;
end
$$;
