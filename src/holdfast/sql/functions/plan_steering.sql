-- What people, and agents with their role, do to a plan that runs. They bring no token: they move the plan's row, and
-- the event rings its runner. A runner whose next move was the other one is refused and looks again.

-- The plan under its locks, for an operator.
create function holdfast.lock_plan(p_venture_id uuid, p_plan_id uuid) returns holdfast.plans
language plpgsql as $$
declare
    v_plan plans := require_plan(p_venture_id, p_plan_id);
begin
    perform lock_supervisor(p_venture_id, v_plan.supervisor_id);
    select * into v_plan from plans where venture_id = p_venture_id and id = p_plan_id for no key update;
    return v_plan;
end
$$;

-- Writes the event that wakes the runner.
create function holdfast.ring_runner(p_plan holdfast.plans, p_what text, p_reason text, p_data jsonb default '{}') returns bigint
language plpgsql as $$
begin
    update plans set steered = steered + 1 where venture_id = p_plan.venture_id and id = p_plan.id;
    return emit_plan(p_plan.venture_id, p_plan.id, 'plan.' || p_what, jsonb_build_object('name', p_plan.name, 'reason', left(p_reason, 500),
        'by', request_user(), 'rings', 'plan:' || p_plan.id) || p_data);
end
$$;

create function holdfast.require_unended(p_plan holdfast.plans, p_to text) returns void
language plpgsql as $$
begin
    perform require_drawn('plan', p_plan.id::text, p_plan.status::text, p_to, p_plan.ended_at is null);
end
$$;

-- Starts nothing new; what is under way comes to its end.
create function holdfast.pause_plan(p_plan_id uuid, p_reason text default null, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_plan    plans := lock_plan(v_venture, p_plan_id);
begin
    perform require_unended(v_plan, 'paused');
    if v_plan.paused_at is not null then
        perform refuse('HF010', format('The plan %s was paused by %s at %s.', p_plan_id, coalesce(v_plan.paused_by, 'an operator'),
            v_plan.paused_at), 'Resume it with: holdfast plan resume', jsonb_build_object('paused_at', v_plan.paused_at));
    end if;
    update plans set paused_at = holdfast.now(), paused_by = request_user(), pause_reason = left(p_reason, 2000)
    where venture_id = v_venture and id = p_plan_id;
    return ring_runner(v_plan, 'paused', p_reason);
end
$$;

-- Lets a paused plan go on. One that has failed or was stopped runs again: what failed in it gets a new round.
create function holdfast.resume_plan(p_plan_id uuid, p_reason text default null, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_plan    plans;
    v_failed  text[];
begin
    if (require_plan(v_venture, p_plan_id)).status = 'failed' then
        v_plan := reopen_plan(v_venture, p_plan_id, p_reason);
        v_failed := array(select s.step_key from plan_steps s
            where s.venture_id = v_venture and s.plan_id = p_plan_id and s.is_current and s.of_step is null
                and s.step_key = any (open_steps(v_plan)) and s.ended_at is not null);
        perform open_new_rounds(v_plan, v_failed, null, null, 'The plan was resumed.', false);
        return ring_runner(v_plan, 'resumed', p_reason, jsonb_build_object('again', to_jsonb(v_failed)));
    end if;
    v_plan := lock_plan(v_venture, p_plan_id);
    perform require_unended(v_plan, 'resumed');
    if v_plan.paused_at is null then
        perform require_drawn('plan', p_plan_id::text, v_plan.status::text, 'resumed', false);
    end if;
    update plans set paused_at = null, paused_by = null, pause_reason = null where venture_id = v_venture and id = p_plan_id;
    return ring_runner(v_plan, 'resumed', p_reason);
end
$$;

-- Ends a plan as failed at once: what is under way is cancelled, what was not begun is left, its directive is blocked.
create function holdfast.stop_plan(p_plan_id uuid, p_reason text default null, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'operator');
    v_plan      plans := require_plan(v_venture, p_plan_id);
    v_session   claude_sessions;
    v_directive directives;
begin
    perform require_unended(v_plan, 'stopped');
    select * into v_session from claude_sessions where venture_id = v_venture and session_id = 'plan:' || p_plan_id for no key update;
    select * into v_directive from directives where venture_id = v_venture and id = v_plan.directive_id for no key update;
    perform stop_supervisor(v_plan.supervisor_id, p_reason, v_venture);
    if v_directive.status = 'active' then
        perform move_locked_directive(v_directive, 'blocked', 'its plan was stopped');
    end if;
    if is_drawn(v_session.state, 'ended') then
        perform end_locked_session(v_session, 'the plan was stopped', acting_user());
    end if;
    return (select p.seq from plans p where p.venture_id = v_venture and p.id = p_plan_id);
end
$$;

-- Lets a plan stop that its caller has locked: nothing new starts, what waits for a person waits no longer, and when what
-- is at work has ended the plan has failed.
create function holdfast.let_plan_stop(p_plan holdfast.plans, p_reason text) returns void
language plpgsql as $$
begin
    update plans set stop_reason = p_reason where venture_id = p_plan.venture_id and id = p_plan.id;
    perform withdraw_all_questions(p_plan.venture_id, p_plan.supervisor_id, p_reason);
    perform emit_plan(p_plan.venture_id, p_plan.id, 'plan.stopping', jsonb_build_object('name', p_plan.name, 'reason', left(p_reason, 500)));
end
$$;

-- Ends the plan of a supervisor that is being stopped: what is under way has failed, what was not begun is left.
create function holdfast.end_stopped_plan(p_venture_id uuid, p_supervisor_id uuid, p_why text) returns void
language plpgsql as $$
declare
    v_plan plans;
    v_step plan_steps;
begin
    select * into v_plan from plans
    where venture_id = p_venture_id and supervisor_id = p_supervisor_id and ended_at is null for no key update;
    if not found then
        return;
    end if;
    for v_step in
        select s.* from plan_steps s
        where s.venture_id = p_venture_id and s.plan_id = v_plan.id and s.status in ('running', 'waiting', 'verifying')
        order by s.position, s.item_index nulls last
    loop
        perform move_locked_step(v_step, 'failed', jsonb_build_object('reason', p_why));
    end loop;
    perform end_plan(v_plan, case when v_plan.status = 'pending' then 'skipped' else 'failed' end::plan_status, p_why,
        open_steps(v_plan));
end
$$;

-- failed → ready, with a new supervisor to run it: the old one is over. Lock order: directive, supervisor, plan.
create function holdfast.reopen_plan(p_venture_id uuid, p_plan_id uuid, p_reason text) returns holdfast.plans
language plpgsql as $$
declare
    v_plan       plans := require_plan(p_venture_id, p_plan_id);
    v_directive  directives;
    v_supervisor supervisor_states;
    v_new        uuid;
begin
    select * into v_directive from directives where venture_id = p_venture_id and id = v_plan.directive_id for no key update;
    v_plan := lock_plan(p_venture_id, p_plan_id);
    v_supervisor := lock_supervisor(p_venture_id, v_plan.supervisor_id);
    perform require_drawn('plan', p_plan_id::text, v_plan.status::text, 'ready', is_drawn(v_plan.status, 'ready'));
    if v_supervisor.ended_at is null then
        perform refuse('HF010', format('The runner of the plan %s is just ending it.', p_plan_id), 'Try again in a moment.');
    end if;
    select s.id into v_new from create_supervisor(v_plan.name, 'plan', jsonb_build_object('plan_id', p_plan_id),
        format('plan:%s#%s', p_plan_id, v_plan.steered), v_plan.directive_id, p_venture_id => p_venture_id) s;
    update plans set status = 'ready', ended_at = null, error_message = null, stop_reason = null, supervisor_id = v_new
    where venture_id = p_venture_id and id = p_plan_id returning * into v_plan;
    -- Who stopped it after a step has been heard; it goes on from there.
    perform release_locked_step(s) from plan_steps s join questions q on q.venture_id = s.venture_id and q.id = s.report_id
    where s.venture_id = p_venture_id and s.plan_id = p_plan_id and s.report_id is not null and s.released_at is null
        and s.is_current and s.status = 'completed';
    if v_directive.status = 'blocked' then
        perform move_locked_directive(v_directive, 'active', coalesce(p_reason, 'its plan goes on'));
    end if;
    perform emit_plan(p_venture_id, p_plan_id, 'plan.ready', jsonb_build_object('name', v_plan.name, 'supervisor_id', v_new));
    return v_plan;
end
$$;
