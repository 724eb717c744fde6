-- Rolling a plan back to a step: what was done since is taken back in reverse order, then done again. The wish is an
-- operator's and is written down at once; the runner carries it out, whichever runner that is.

-- Takes back a step and all that stand on it. What of that is under way is cancelled; a plan that has failed runs again.
-- A plan that was paused stays so: its undo commands run, and it goes on when it is resumed.
create function holdfast.roll_plan_back(p_plan_id uuid, p_to_step text, p_reason text, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_plan    plans;
    v_after   timestamptz;
begin
    perform require_reason('rolling a plan back', p_reason);
    v_plan := case when (require_plan(v_venture, p_plan_id)).status = 'failed' then reopen_plan(v_venture, p_plan_id, p_reason)
        else lock_plan(v_venture, p_plan_id) end;
    perform require_rollback(v_plan, p_to_step);
    v_after := interrupt_steps(v_plan, p_to_step, format('Rolled back by %s to %s: %s', acting_user(), p_to_step, p_reason));
    update plan_steps s set undo_status = 'due' from standing_on(v_plan, array[p_to_step]) a
    where s.venture_id = v_venture and s.plan_id = p_plan_id and s.step_key = a.step_key and s.round = a.round
        and jsonb_typeof(s.spec -> 'undo') = 'array' and s.status in ('completed', 'failed') and s.items_left is null
        and (s.execution_id is not null or s.question_of = 'work');
    update plans set rolling_back_to = p_to_step, rollback_reason = left(p_reason, 2000), rollback_by = request_user(),
        rollback_after = v_after, rollback_question_id = null, stop_reason = null
    where venture_id = v_venture and id = p_plan_id;
    return ring_runner(v_plan, 'rolling_back', p_reason, jsonb_build_object('to', p_to_step, 'undo', (
        select jsonb_agg(u.step_key order by u.ended_at desc, u.position desc, u.item_index desc)
        from undos_of(v_plan) u where u.undo_status = 'due')));
end
$$;

create function holdfast.require_rollback(p_plan holdfast.plans, p_to_step text) returns void
language plpgsql as $$
declare
    v_to plan_steps;
begin
    perform require_drawn('plan', p_plan.id::text, p_plan.status::text, 'rolled back', p_plan.status in ('running', 'ready'));
    v_to := require_plan_step(p_plan.venture_id, p_plan.id, p_to_step);
    if p_plan.rolling_back_to is not null then
        perform refuse('HF010', format('The plan %s is being rolled back to %s.', p_plan.id, p_plan.rolling_back_to),
            'Wait until that is done.', jsonb_build_object('to', p_plan.rolling_back_to));
    elsif v_to.of_step is not null then
        perform refuse('HF005', format('%s is an item of the step %s.', p_to_step, v_to.of_step), 'Roll back to that step.');
    elsif not exists (select from standing_on(p_plan, array[p_to_step]) s where s.status <> 'pending') then
        perform refuse('HF010', format('Neither the step %s nor any that stands on it has begun.', p_to_step), 'There is nothing to take back.');
    end if;
end
$$;

-- Ends what is under way among the steps that are rolled back. Gives until when a program that was cancelled may still be
-- at work, because it hears of that by its lease.
create function holdfast.interrupt_steps(p_plan holdfast.plans, p_to_step text, p_reason text) returns timestamptz
language plpgsql as $$
declare
    v_step  plan_steps;
    v_run   agent_executions;
    v_until timestamptz;
begin
    for v_step in
        select s.* from standing_on(p_plan, array[p_to_step]) s
        where s.status in ('running', 'waiting', 'verifying') order by s.position, s.item_index nulls last
    loop
        for v_run in
            select e.* from agent_executions e
            where e.venture_id = p_plan.venture_id and e.id in (v_step.execution_id, v_step.verification_id) and e.ended_at is null
            order by e.id for no key update
        loop
            v_until := greatest(v_until, v_run.lease_expires_at);
            perform stop_execution(p_plan.venture_id, v_run, p_reason);
        end loop;
        perform withdraw_locked_question(q, p_reason)
        from lock_question(p_plan.venture_id, v_step.question_id) q where v_step.status = 'waiting' and q.status = 'open';
        perform consume_question(q) from lock_question(p_plan.venture_id, v_step.question_id) q
        where v_step.status = 'waiting' and q.status in ('answered', 'delivered');
        if v_step.items_left is null then
            perform move_locked_step(v_step, 'failed', jsonb_build_object('reason', p_reason));
        end if;
    end loop;
    return v_until;
end
$$;

-- What a rollback takes back, in whichever state that is.
create function holdfast.undos_of(p_plan holdfast.plans) returns setof holdfast.plan_steps
language sql stable as $$
    select s.* from holdfast.plan_steps s
    where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.undo_status in ('due', 'running', 'failed') and s.is_current
$$;

-- One after the other, the last thing done first.
create function holdfast.undo_deeds(p_plan holdfast.plans)
returns table (deed text, step_key text, round integer, outcome_id uuid, outcome_status text, outcome_value jsonb, outcome_error text)
language plpgsql stable as $$
#variable_conflict use_column
declare
    v_now plan_steps;
begin
    select u.* into v_now from undos_of(p_plan) u
    order by u.undo_status <> 'due' desc, u.ended_at desc, u.position desc, u.item_index desc limit 1;
    if not found then
        return query select 'finish_rollback', s.step_key, s.round::integer, null::uuid, null, null::jsonb, null
        from require_plan_step(p_plan.venture_id, p_plan.id, p_plan.rolling_back_to) s
        where not exists (select from busy_among(p_plan, array[p_plan.rolling_back_to]));
    elsif v_now.undo_status = 'running' then
        return query select 'settle_undo', v_now.step_key, v_now.round::integer, e.id, e.status::text, e.result::jsonb, e.error_message::text
        from agent_executions e where e.venture_id = p_plan.venture_id and e.id = v_now.undo_id and e.ended_at is not null;
    elsif v_now.undo_status = 'failed' then
        return query select 'decide_undo', v_now.step_key, v_now.round::integer, q.id, q.status::text, q.answer::jsonb, null
        from questions q where q.venture_id = p_plan.venture_id and q.id = p_plan.rollback_question_id and q.status <> 'open';
    elsif coalesce(p_plan.rollback_after <= holdfast.now(), true) then
        return query select 'undo', v_now.step_key, v_now.round::integer, null::uuid, null, null::jsonb, null;
    end if;
end
$$;

-- Starts the command that takes a step back.
create function holdfast.undo_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_kind text, p_input jsonb, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
begin
    perform require_drawn('undo', p_step_key, coalesce(v_step.undo_status::text, 'not asked for'), 'running',
        v_step.undo_status = 'due' and v_plan.rolling_back_to is not null
        and not exists (select from undos_of(v_plan) u where u.undo_status = 'running'));
    perform spawn_for_step(v_plan, v_step, p_epoch, p_token, p_kind, p_input, 'undo');
    update plan_steps set undo_status = 'running', undo_number = undo_number + 1
    where venture_id = v_venture and plan_id = p_plan_id and step_key = p_step_key and round = v_step.round;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

-- Keeps what an undo command ran and what came of it. When it has failed a person is asked.
create function holdfast.settle_undo(p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_plan     plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step     plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_run      agent_executions;
    v_question uuid;
begin
    select * into v_run from agent_executions where venture_id = v_venture and id = v_step.undo_id;
    perform require_drawn('undo', p_step_key, coalesce(v_step.undo_status::text, 'not asked for'), 'done',
        v_step.undo_status = 'running' and v_run.ended_at is not null);
    perform keep_plan_evidence(v_plan, 'undo', p_step_key || '#' || v_step.round, v_step.undo_number, v_run);
    update plan_steps set undo_status = case when v_run.status = 'completed' then 'done' else 'failed' end::undo_status
    where venture_id = v_venture and plan_id = p_plan_id and step_key = p_step_key and round = v_step.round;
    if v_run.status <> 'completed' then
        select q.id into v_question from ask_question(
            left(format('The undo of %s did not pass: %s', v_step.title, v_run.error_message), 20000), v_plan.supervisor_id, null,
            p_epoch, p_token, format('%s#%s/undo.%s', p_step_key, v_step.round, v_step.undo_number), '["again", "leave it", "stop"]',
            p_context => jsonb_build_object('step', p_step_key, 'title', v_step.title, 'output', v_run.result -> 'output_tail'),
            p_plan_id => p_plan_id, p_step_key => p_step_key, p_venture_id => v_venture) q;
        update plans set rollback_question_id = v_question where venture_id = v_venture and id = p_plan_id;
    end if;
    perform emit_plan(v_venture, p_plan_id, case when v_run.status = 'completed' then 'plan.step_undone' else 'plan.undo_failed' end,
        jsonb_build_object('step', p_step_key, 'title', v_step.title, 'round', v_step.round, 'execution_id', v_run.id,
            'exit_code', v_run.result -> 'exit_code', 'question_id', v_question));
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

-- Does with a failed undo what a person has said: again, leave it, or stop the plan as it is. Without an answer it stops.
create function holdfast.decide_undo(p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_answer  questions;
begin
    select * into v_answer from questions where venture_id = v_venture and id = v_plan.rollback_question_id;
    perform require_drawn('undo', p_step_key, coalesce(v_step.undo_status::text, 'not asked for'), 'decided',
        v_step.undo_status = 'failed' and v_answer.status <> 'open');
    update plan_steps set undo_status = case v_answer.answer when '"again"' then 'due' when '"leave it"' then 'left' else 'failed' end::undo_status
    where venture_id = v_venture and plan_id = p_plan_id and step_key = p_step_key and round = v_step.round;
    update plans set rollback_question_id = null where venture_id = v_venture and id = p_plan_id;
    perform emit_plan(v_venture, p_plan_id, 'plan.undo_decided', jsonb_build_object('step', p_step_key, 'title', v_step.title,
        'round', v_step.round, 'answer', v_answer.answer, 'answered_by', v_answer.answered_by));
    if not coalesce(v_answer.answer in ('"again"', '"leave it"'), false) then
        update plans set rolling_back_to = null, rollback_reason = null, rollback_by = null, rollback_after = null
        where venture_id = v_venture and id = p_plan_id;
        perform let_plan_stop(v_plan, format('The rollback to %s was stopped: the undo of %s had failed.', v_plan.rolling_back_to, p_step_key));
    end if;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

-- All is taken back: what is rolled back gets its new rounds, and the step it goes back to is told why.
create function holdfast.finish_rollback(p_plan_id uuid, p_epoch bigint, p_token uuid, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_to      text := v_plan.rolling_back_to;
begin
    if v_to is null or exists (select from undos_of(v_plan)) then
        perform refuse('HF010', format('The plan %s is not being rolled back, or not all is taken back.', p_plan_id), 'Look at it again.');
    end if;
    perform open_new_rounds(v_plan, array[v_to], v_to, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'message', v_plan.rollback_reason, 'by', v_plan.rollback_by))), 'It was rolled back before it began.', true);
    update plans set rolling_back_to = null, rollback_reason = null, rollback_by = null, rollback_after = null
    where venture_id = v_venture and id = p_plan_id;
    return emit_plan(v_venture, p_plan_id, 'plan.rolled_back', jsonb_build_object('name', v_plan.name, 'to', v_to,
        'reason', v_plan.rollback_reason, 'by', v_plan.rollback_by));
end
$$;

-- Keeps what a command of the plan ran and what came of it; one that could not be started has nothing to keep.
create function holdfast.keep_plan_evidence(
    p_plan holdfast.plans, p_what text, p_subject text, p_number integer, p_run holdfast.agent_executions) returns void
language sql as $$
    insert into holdfast.plan_evidence (venture_id, plan_id, what, subject, number, command, exit_code, output_digest, output_tail,
        started_at, duration_ms, execution_id)
    select p_plan.venture_id, p_plan.id, p_what, p_subject, p_number, p_run.result -> 'command', (p_run.result ->> 'exit_code')::integer,
        decode(p_run.result ->> 'output_sha256', 'hex'), right(p_run.result ->> 'output_tail', 16384), p_run.started_at,
        (p_run.result ->> 'duration_ms')::bigint, p_run.id
    where p_run.result ->> 'exit_code' is not null
    on conflict do nothing
$$;
