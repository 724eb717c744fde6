-- What happens to one step: its gate, its work, its verification. Whoever calls these holds the plan's locks.

-- Moves a step whose plan is locked, and writes the event. What changes besides is done by the caller.
create function holdfast.move_locked_step(p_step holdfast.plan_steps, p_to holdfast.plan_status, p_data jsonb default '{}')
returns bigint
language plpgsql as $$
declare
    v_now  timestamptz := holdfast.now();
    v_done integer := case when p_step.of_step is null and p_step.is_current and p_to in ('completed', 'skipped') then 1 else 0 end;
begin
    perform require_drawn('step', p_step.step_key, p_step.status::text, p_to::text, is_drawn(p_step.status, p_to));
    update plan_steps set status = p_to,
        started_at = case when p_to = 'ready' then started_at else coalesce(started_at, v_now) end,
        attempt = attempt + case when p_to = 'running' and p_step.status = 'ready' then 1 else 0 end,
        error_message = case when p_to = 'failed' then left(coalesce(p_data ->> 'reason', 'It gave no reason.'), 20000) end,
        skip_reason = case when p_to = 'skipped' then coalesce(p_data ->> 'reason', 'It gave no reason.') end,
        is_red = p_to = 'failed' and p_step.status = 'verifying',
        ended_at = case when p_to in ('completed', 'failed', 'skipped') then greatest(v_now, started_at) end
    where venture_id = p_step.venture_id and plan_id = p_step.plan_id and step_key = p_step.step_key and round = p_step.round;
    return emit_plan(p_step.venture_id, p_step.plan_id, 'plan.step_' || p_to,
        jsonb_build_object('step', p_step.step_key, 'title', p_step.title, 'round', p_step.round,
            'attempt', p_step.attempt + case when p_to = 'running' and p_step.status = 'ready' then 1 else 0 end) || p_data, v_done);
end
$$;

-- ready → running, with what does the work, if there is any; or, at a gate, → waiting, with the question. A gate that was
-- opened for the same action before the plan was rolled back stays open.
create function holdfast.start_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_kind text default null, p_input jsonb default '{}',
    p_gate jsonb default null, p_action jsonb default null, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
begin
    -- A waiting step may run too, but only through its gate.
    perform require_drawn('step', p_step_key, v_step.status::text, 'running', v_step.status = 'ready');
    perform require_room(v_plan, v_step, what_holds(v_plan));
    perform move_locked_step(v_step, 'running');
    v_step := require_plan_step(v_venture, p_plan_id, p_step_key);
    if p_gate is null then
        perform begin_work(v_plan, v_step, p_epoch, p_token, p_kind, p_input);
    elsif v_step.is_approved and v_step.action_digest = digest_of(p_action) then
        perform emit_plan(v_venture, p_plan_id, 'plan.gate_kept', jsonb_build_object('step', p_step_key, 'title', v_step.title,
            'round', v_step.round, 'question_id', v_step.question_id));
        perform begin_work(v_plan, v_step, p_epoch, p_token, p_kind, p_input);
    else
        perform ask_gate(v_plan, v_step, p_epoch, p_token, p_gate, p_action, '');
    end if;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

-- What an approval is for.
create function holdfast.digest_of(p_action jsonb) returns bytea
language sql immutable parallel safe as $$
    select holdfast.action_digest(coalesce(p_action, 'null'))
$$;

-- What will be done, out of all that an approval is for, as a person is shown it.
create function holdfast.work_in(p_action jsonb) returns jsonb
language sql immutable parallel safe as $$
    select case
        when jsonb_typeof(p_action) is distinct from 'object' then p_action
        when p_action ->> 'kind' is not null then jsonb_strip_nulls(p_action - array['message', 'shown', 'needs'])
    end
$$;

-- running → waiting, with the gate's question. p_again makes its key another one than that of the question before, which is
-- void.
create function holdfast.ask_gate(
    p_plan holdfast.plans, p_step holdfast.plan_steps, p_epoch bigint, p_token uuid, p_gate jsonb, p_action jsonb, p_again text)
returns void
language plpgsql as $$
declare
    v_question uuid;
begin
    if p_again <> '' then
        perform void_question(lock_question(p_plan.venture_id, p_step.question_id), 'What it was about has changed.');
    end if;
    select q.id into v_question from ask_question(p_gate ->> 'message', p_plan.supervisor_id, null, p_epoch, p_token,
        format('%s#%s.%s%s', p_step.step_key, p_step.round, p_step.attempt, p_again), p_gate -> 'options',
        (p_gate ->> 'expires_in_seconds')::double precision, null, coalesce(p_gate -> 'context', '{}'),
        p_plan.id, p_step.step_key, p_audience => nullif(p_gate -> 'audience', 'null'), p_on_expiry => (p_gate ->> 'on_expiry')::question_expiry,
        p_escalation => nullif(p_gate -> 'escalation', 'null'), p_venture_id => p_plan.venture_id,
        p_action => work_in(p_action)) q;
    update plan_steps set question_id = v_question, question_of = 'gate', action_digest = digest_of(p_action), is_approved = false
    where venture_id = p_plan.venture_id and plan_id = p_plan.id and step_key = p_step.step_key and round = p_step.round;
    if p_step.status = 'running' then
        perform move_locked_step(p_step, 'waiting', jsonb_build_object('question_id', v_question));
    else
        perform emit_plan(p_plan.venture_id, p_plan.id, 'plan.gate_void', jsonb_build_object('step', p_step.step_key,
            'title', p_step.title, 'round', p_step.round, 'question_id', v_question, 'void', p_step.question_id));
    end if;
end
$$;

-- Begins the work of a running step: an execution; for a person a question, at which the step waits.
create function holdfast.begin_work(
    p_plan holdfast.plans, p_step holdfast.plan_steps, p_epoch bigint, p_token uuid, p_kind text, p_input jsonb)
returns void
language plpgsql as $$
declare
    v_question uuid;
begin
    if p_kind is null then
        return;
    elsif p_kind <> 'person' then
        perform spawn_for_step(p_plan, p_step, p_epoch, p_token, p_kind, p_input, 'work');
        return;
    end if;
    select q.id into v_question from ask_question(coalesce(p_input ->> 'prompt', p_step.title), p_plan.supervisor_id, null, p_epoch, p_token,
        format('%s#%s.%s/work', p_step.step_key, p_step.round, p_step.attempt), '["done", "failed"]', null, null,
        jsonb_build_object('step', p_step.step_key, 'title', p_step.title, 'verify', p_step.spec -> 'verify' -> 'command') || (p_input - 'prompt'),
        p_plan.id, p_step.step_key, p_venture_id => p_plan.venture_id) q;
    update plan_steps set question_id = v_question, question_of = 'work'
    where venture_id = p_plan.venture_id and plan_id = p_plan.id and step_key = p_step.step_key and round = p_step.round;
    perform move_locked_step(p_step, 'waiting', jsonb_build_object('question_id', v_question));
end
$$;

create function holdfast.spawn_for_step(
    p_plan holdfast.plans, p_step holdfast.plan_steps, p_epoch bigint, p_token uuid, p_kind text, p_input jsonb, p_what text)
returns void
language plpgsql as $$
declare
    v_key text := case when p_what = 'undo' then format('%s#%s/undo.%s', p_step.step_key, p_step.round, p_step.undo_number + 1)
        else format('%s#%s.%s/%s', p_step.step_key, p_step.round, p_step.attempt, p_what) end;
    v_id  uuid;
begin
    v_id := spawn_execution(p_plan.supervisor_id, p_epoch, p_token, v_key, p_step.title, p_kind, p_input,
        p_step.spec ->> 'agent', p_step.role,
        p_metadata => jsonb_build_object('plan_id', p_plan.id, 'step_key', p_step.step_key, 'round', p_step.round, 'what', p_what),
        p_venture_id => p_plan.venture_id);
    if p_what = 'work' and jsonb_typeof(p_step.spec -> 'todos') = 'array' then
        perform plan_todos(lock_execution(p_plan.venture_id, v_id), p_step.spec -> 'todos');
    end if;
    update plan_steps set
        execution_id = case when p_what = 'work' then v_id else execution_id end,
        verification_id = case when p_what = 'verify' then v_id else verification_id end,
        undo_id = case when p_what = 'undo' then v_id else undo_id end
    where venture_id = p_plan.venture_id and plan_id = p_plan.id and step_key = p_step.step_key and round = p_step.round;
end
$$;

-- Gives an execution the todo list that its plan wrote; the agent's own list, once it keeps one, takes its place.
create function holdfast.plan_todos(p_execution holdfast.agent_executions, p_todos jsonb) returns void
language plpgsql as $$
begin
    if p_execution.metadata ? 'todos' then
        return;
    end if;
    perform save_todo_steps(p_execution.venture_id, p_execution, merge_todos('[]', (
        select jsonb_agg(jsonb_strip_nulls(jsonb_build_object('key', 'plan-' || t.ordinality, 'content', t.value ->> 'content',
            'status', coalesce(t.value ->> 'status', 'pending'), 'active_form', t.value ->> 'activeForm')))
        from jsonb_array_elements(p_todos) with ordinality as t), true, 0));
end
$$;

-- waiting → running, once the gate's answer is there and approves this very action; the work of the step begins, if it
-- has any. Has the action changed since it was asked about, the answer is void and the question is asked anew.
create function holdfast.open_gate(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_kind text default null, p_input jsonb default '{}',
    p_gate jsonb default null, p_action jsonb default null, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_plan     plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step     plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_question questions;
begin
    -- A step that is tried again still names the question of the attempt before.
    perform require_drawn('step', p_step_key, v_step.status::text, 'running', v_step.status = 'waiting' and v_step.question_of = 'gate');
    select * into v_question from questions where venture_id = v_venture and id = v_step.question_id;
    perform require_approved(v_step, v_question);
    if v_step.action_digest <> digest_of(p_action) and p_gate is not null then
        perform ask_gate(v_plan, v_step, p_epoch, p_token, p_gate, p_action, '/' || left(v_question.id::text, 36));
        return require_plan_step(v_venture, p_plan_id, p_step_key);
    elsif v_step.action_digest <> digest_of(p_action) then
        perform refuse('HF010', format('What the gate of the step %s approved has changed.', p_step_key), 'Bring p_gate, so that it is asked anew.');
    end if;
    perform require_room(v_plan, v_step, what_stays(v_plan));
    update plan_steps set is_approved = true where venture_id = v_venture and plan_id = p_plan_id and step_key = p_step_key and round = v_step.round;
    perform move_locked_step(v_step, 'running', jsonb_build_object('answer', v_question.answer, 'answered_by', v_question.answered_by));
    perform begin_work(v_plan, require_plan_step(v_venture, p_plan_id, p_step_key), p_epoch, p_token, p_kind, p_input);
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

create function holdfast.require_approved(p_step holdfast.plan_steps, p_question holdfast.questions) returns void
language plpgsql as $$
begin
    if p_question.answer is null then
        perform refuse('HF010', format('The gate of the step %s is not answered.', p_step.step_key),
            'Answer it with: holdfast answer', jsonb_build_object('question_id', p_question.id));
    elsif not coalesce(p_step.spec -> 'gate' -> 'approve' @> p_question.answer, true) then
        perform refuse('HF010', format('The gate of the step %s was answered with %s.', p_step.step_key, p_question.answer),
            'Fail the step.', jsonb_build_object('question_id', p_question.id));
    end if;
end
$$;

-- running → verifying, with the execution that verifies; what the work gave is kept with the step. A person's work comes
-- here from its question, once that was answered with done.
create function holdfast.verify_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_result jsonb, p_kind text, p_input jsonb,
    p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
begin
    if v_step.status = 'waiting' and v_step.question_of = 'work' then
        perform require_word(v_step);
        perform require_room(v_plan, v_step, null);
        perform move_locked_step(v_step, 'running');
        v_step := require_plan_step(v_venture, p_plan_id, p_step_key);
    end if;
    perform require_outputs(v_step, p_result);
    perform move_locked_step(v_step, 'verifying');
    update plan_steps set result = p_result where venture_id = v_venture and plan_id = p_plan_id
        and step_key = p_step_key and round = v_step.round;
    perform spawn_for_step(v_plan, v_step, p_epoch, p_token, p_kind, p_input, 'verify');
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

create function holdfast.require_word(p_step holdfast.plan_steps) returns void
language plpgsql as $$
begin
    if not exists (select from questions q where q.venture_id = p_step.venture_id and q.id = p_step.question_id and q.answer = '"done"') then
        perform refuse('HF010', format('Nobody has said that the step %s is done.', p_step.step_key), 'Answer its question with done.',
            jsonb_build_object('question_id', p_step.question_id));
    end if;
end
$$;

create function holdfast.require_outputs(p_step holdfast.plan_steps, p_result jsonb) returns void
language plpgsql as $$
declare
    v_missing text;
begin
    if p_step.items_left is not null then  -- its items have been asked for them
        return;
    end if;
    select o.value into v_missing from jsonb_array_elements_text(p_step.spec -> 'outputs') as o
    where not coalesce(p_result, '{}') ? o.value limit 1;
    if found then
        perform refuse('HF011', format('The step %s did not give its output %s.', p_step.step_key, v_missing),
            'Fail the step, or give it in its result.', jsonb_build_object('output', v_missing));
    end if;
end
$$;

-- → completed. Done has evidence: with a verification, only the recorded run of it that passed will do.
create function holdfast.complete_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_result jsonb default null, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
begin
    if v_step.has_verification and not exists (
        select from plan_step_evidence e where e.venture_id = v_venture and e.plan_id = p_plan_id
            and e.step_key = p_step_key and e.round = v_step.round and e.attempt = v_step.attempt and e.exit_code = 0) then
        perform refuse('HF011', format('The step %s has a verification, and no run of it has passed in attempt %s.',
            p_step_key, v_step.attempt), 'Run the verification; its evidence completes the step.');
    elsif v_step.items_left > 0 or v_step.items_failed > 0 then
        perform refuse('HF010', format('Of the items of %s %s have not ended and %s have failed.', p_step_key, v_step.items_left, v_step.items_failed),
            'Settle it with settle_items.');
    end if;
    perform require_outputs(v_step, coalesce(p_result, v_step.result));
    perform complete_locked_step(v_plan, v_step, p_epoch, p_token, coalesce(p_result, v_step.result));
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

create function holdfast.complete_locked_step(
    p_plan holdfast.plans, p_step holdfast.plan_steps, p_epoch bigint, p_token uuid, p_result jsonb) returns void
language plpgsql as $$
begin
    perform move_locked_step(p_step, 'completed');
    update plan_steps set result = p_result where venture_id = p_plan.venture_id and plan_id = p_plan.id
        and step_key = p_step.step_key and round = p_step.round;
    if p_step.of_step is not null then
        perform settle_item(p_step, false);
    else
        perform report_step(p_plan, p_step, p_epoch, p_token, p_result);
    end if;
end
$$;

-- Keeps what a verification ran and what came of it, read from the execution that ran it.
create function holdfast.record_evidence(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_venture_id uuid default null)
returns holdfast.plan_step_evidence
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_plan     plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step     plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_run      agent_executions;
    v_evidence plan_step_evidence;
begin
    select * into v_run from agent_executions where venture_id = v_venture and id = v_step.verification_id;
    if v_run.ended_at is null or v_run.result -> 'exit_code' is null then
        perform refuse('HF011', format('The verification of the step %s has not run to its end.', p_step_key),
            'Wait for its execution.', jsonb_build_object('execution_id', v_step.verification_id));
    end if;
    insert into plan_step_evidence (venture_id, plan_id, step_key, round, attempt, command, exit_code, output_digest,
        output_tail, started_at, duration_ms, execution_id)
    values (v_venture, p_plan_id, p_step_key, v_step.round, v_step.attempt, v_run.result -> 'command',
        (v_run.result ->> 'exit_code')::integer, decode(v_run.result ->> 'output_sha256', 'hex'),
        right(v_run.result ->> 'output_tail', 16384), v_run.started_at, (v_run.result ->> 'duration_ms')::bigint, v_run.id)
    on conflict do nothing;
    if found then
        perform emit_plan(v_venture, p_plan_id, 'plan.step_verified', jsonb_build_object('step', p_step_key,
            'title', v_step.title, 'round', v_step.round, 'attempt', v_step.attempt,
            'exit_code', v_run.result -> 'exit_code'));
    end if;
    select * into strict v_evidence from plan_step_evidence where venture_id = v_venture and plan_id = p_plan_id
        and step_key = p_step_key and round = v_step.round and attempt = v_step.attempt;
    return v_evidence;
end
$$;

-- → failed, or back to ready for another attempt. One that is ready fails where what it is to do cannot be said.
create function holdfast.fail_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_reason text, p_retry boolean default false,
    p_result jsonb default null, p_unstarted boolean default false, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
begin
    if p_unstarted and v_step.status = 'ready' then
        perform move_locked_step(v_step, 'running');
        v_step := require_plan_step(v_venture, p_plan_id, p_step_key);
    end if;
    perform fail_locked_step(v_step, p_reason, p_retry, p_result);
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

create function holdfast.fail_locked_step(p_step holdfast.plan_steps, p_reason text, p_retry boolean, p_result jsonb) returns void
language plpgsql as $$
begin
    perform move_locked_step(p_step, 'failed', jsonb_build_object('reason', p_reason));
    update plan_steps set result = coalesce(p_result, result) where venture_id = p_step.venture_id and plan_id = p_step.plan_id
        and step_key = p_step.step_key and round = p_step.round;
    if p_retry then
        update plan_steps set is_approved = false where venture_id = p_step.venture_id and plan_id = p_step.plan_id
            and step_key = p_step.step_key and round = p_step.round;  -- each attempt is asked about
        perform move_locked_step(require_plan_step(p_step.venture_id, p_step.plan_id, p_step.step_key), 'ready',
            jsonb_build_object('reason', p_reason));
    elsif p_step.of_step is not null then
        perform settle_item(p_step, true);
    elsif p_step.spec ->> 'on_failure' = 'continue' then
        perform release_locked_step(p_step, format('%s has failed', p_step.step_key));
    end if;
end
$$;
