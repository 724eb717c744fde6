-- When what needs a step may go on: at once, after a report, or once a person has said so.

-- What follows a completed step in the plan's mode of approval.
create function holdfast.report_step(
    p_plan holdfast.plans, p_step holdfast.plan_steps, p_epoch bigint, p_token uuid, p_result jsonb) returns void
language plpgsql as $$
declare
    v_mode     text := coalesce(p_plan.spec ->> 'mode', 'gates');
    v_wait     double precision := coalesce((p_plan.spec ->> 'report_wait_seconds')::double precision, 0);
    v_question uuid;
begin
    if v_mode <> 'gates' then
        perform emit_plan(p_plan.venture_id, p_plan.id, 'plan.step_reported', jsonb_build_object('step', p_step.step_key,
            'title', p_step.title, 'round', p_step.round));
    end if;
    if v_mode = 'gates' or v_mode = 'report' and v_wait = 0 then
        perform release_locked_step(p_step);
        return;
    end if;
    select q.id into v_question from ask_question(format('%s is done. Go on?', p_step.title), p_plan.supervisor_id, null, p_epoch, p_token,
        format('%s#%s/report', p_step.step_key, p_step.round), '["go on", "stop"]',
        case when v_mode = 'report' then v_wait end, case when v_mode = 'report' then '"go on"'::jsonb end,
        jsonb_strip_nulls(jsonb_build_object('step', p_step.step_key, 'title', p_step.title,
            'result', case when pg_column_size(p_result) < 20000 then p_result end)),
        p_plan.id, p_step.step_key, p_venture_id => p_plan.venture_id) q;
    update plan_steps set report_id = v_question where venture_id = p_plan.venture_id and plan_id = p_plan.id
        and step_key = p_step.step_key and round = p_step.round;
end
$$;

-- Lets what needs a reported step go on, or stops the plan, as its question was answered. One that expired or was
-- withdrawn lets it go on.
create function holdfast.release_plan_step(p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_plan     plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step     plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_question questions;
begin
    select * into v_question from questions where venture_id = v_venture and id = v_step.report_id;
    if v_step.released_at is not null or coalesce(v_question.status = 'open', true) then
        perform refuse('HF010', format('The report of the step %s waits for no answer or has none.', p_step_key),
            'Answer it with: holdfast answer', jsonb_build_object('question_id', v_step.report_id));
    end if;
    if v_question.answer = '"stop"' then
        perform let_plan_stop(v_plan, format('Stopped by %s after the step %s.', coalesce(v_question.answered_by, 'somebody'), p_step_key));
    else
        perform release_locked_step(v_step);
        perform emit_plan(v_venture, p_plan_id, 'plan.step_released', jsonb_build_object('step', p_step_key, 'title', v_step.title,
            'round', v_step.round, 'answered_by', v_question.answered_by));
    end if;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

-- Counts a step as done for those that need it. Where it has failed, those that do not say `when` are skipped, and what
-- needs them too: a step is not done upon a failure that nobody has looked at.
create function holdfast.release_locked_step(p_step holdfast.plan_steps, p_failed text default null) returns void
language plpgsql as $$
begin
    update plan_steps set released_at = holdfast.now() where venture_id = p_step.venture_id and plan_id = p_step.plan_id
        and step_key = p_step.step_key and round = p_step.round;
    perform count_as_done(p_step, p_failed is null);
    if p_failed is not null then  -- there is no more to do for it
        update plans set done_steps = done_steps + 1 where venture_id = p_step.venture_id and id = p_step.plan_id;
        perform skip_what_needs(p_step, p_failed || '.');
    end if;
end
$$;

-- One need less for pending steps that need it; not for all of them where it was not really done.
create function holdfast.count_as_done(p_step holdfast.plan_steps, p_for_all boolean) returns void
language sql as $$
    update holdfast.plan_steps s set needs_left = s.needs_left - 1
    where s.venture_id = p_step.venture_id and s.plan_id = p_step.plan_id and s.step_key = any (holdfast.what_needs(p_step))
        and s.is_current and s.status = 'pending' and (p_for_all or s.spec ? 'when')
$$;

-- The steps that need one, as an array, so that each is looked up by its key whatever the planner knows of a new plan.
create function holdfast.what_needs(p_step holdfast.plan_steps) returns text[]
language sql stable as $$
    select array(select n.step_key::text from holdfast.plan_step_needs n
        where n.venture_id = p_step.venture_id and n.plan_id = p_step.plan_id and n.needed_key = p_step.step_key)
$$;

-- Skips the pending steps that need one that was not done, and what needs them, unless they say themselves when they are done.
create function holdfast.skip_what_needs(p_step holdfast.plan_steps, p_reason text) returns void
language plpgsql as $$
declare
    v_queue plan_steps[] := array[p_step];
    v_next  plan_steps;
begin
    while cardinality(v_queue) > 0 loop
        for v_next in
            select s.* from plan_steps s
            where s.venture_id = p_step.venture_id and s.plan_id = p_step.plan_id and s.step_key = any (what_needs(v_queue[1]))
                and s.is_current and s.status = 'pending' and not s.spec ? 'when'
            order by s.position
        loop
            perform move_locked_step(v_next, 'skipped', jsonb_build_object('reason', p_reason));
            update plan_steps set released_at = holdfast.now(), is_blocked = true where venture_id = v_next.venture_id
                and plan_id = v_next.plan_id and step_key = v_next.step_key and round = v_next.round;
            perform count_as_done(v_next, false);
            v_queue := v_queue || v_next;
        end loop;
        v_queue := v_queue[2:];
    end loop;
end
$$;

-- ready → skipped: what its file says of when it is done does not hold. For what needs it that counts as done.
create function holdfast.skip_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_reason text, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
begin
    perform require_drawn('step', p_step_key, v_step.status::text, 'skipped', v_step.status = 'ready');
    perform skip_locked_step(v_step, p_reason);
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

create function holdfast.skip_locked_step(p_step holdfast.plan_steps, p_reason text) returns void
language plpgsql as $$
begin
    perform move_locked_step(p_step, 'skipped', jsonb_build_object('reason', left(p_reason, 2000)));
    if p_step.of_step is not null then
        perform settle_item(p_step, false);
    else
        perform release_locked_step(p_step);
    end if;
end
$$;
