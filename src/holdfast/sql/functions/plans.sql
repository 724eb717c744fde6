-- Plans, moved by their runner under its supervisor's lease. Lock order: supervisor, plan, step, execution.

-- Makes a plan with its steps, its directive and the supervisor that will run it.
create function holdfast.create_plan(
    p_name text, p_steps jsonb, p_spec jsonb default '{}', p_sd_key text default null, p_venture_id uuid default null)
returns table (id uuid, supervisor_id uuid, sd_key text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_directive uuid;
begin
    id := uuid7();
    sd_key := coalesce(p_sd_key, 'PLAN-' || upper(right(id::text, 8)));
    v_directive := add_directive(sd_key, p_name, p_status => 'active', p_phase => 'EXEC', p_venture_id => v_venture);
    select s.id into supervisor_id from create_supervisor(p_name, 'plan', jsonb_build_object('plan_id', id), 'plan:' || id,
        v_directive, p_venture_id => v_venture) s;
    insert into plans (venture_id, id, name, supervisor_id, directive_id, status, spec, created_at, seq)
    values (v_venture, id, p_name, supervisor_id, v_directive, 'pending', p_spec, holdfast.now(), 1);
    perform insert_plan_steps(v_venture, id, p_steps);
    perform emit(v_venture, 'plan', id, 1, 'plan.created', jsonb_build_object('name', p_name, 'sd_key', sd_key,
        'supervisor_id', supervisor_id, 'directive_id', v_directive, 'steps', (select jsonb_agg(s.step_key order by s.position) from plan_steps s where s.venture_id = v_venture and s.plan_id = id)));
    return next;
end
$$;

create function holdfast.insert_plan_steps(p_venture_id uuid, p_plan_id uuid, p_steps jsonb) returns void
language plpgsql as $$
declare
    v_unknown record;
begin
    if jsonb_typeof(p_steps) is distinct from 'array' or jsonb_array_length(p_steps) = 0 then
        perform refuse('HF005', 'A plan has at least one step.', 'Give p_steps as an array of objects with an id.');
    end if;
    insert into plan_steps (venture_id, plan_id, step_key, round, position, title, active_form, role, needs, spec,
        has_verification, status)
    select p_venture_id, p_plan_id, s.value ->> 'id', 1, s.ordinality, coalesce(s.value ->> 'title', s.value ->> 'id'),
        s.value ->> 'active_form', s.value ->> 'role',
        coalesce((select array_agg(n.value) from jsonb_array_elements_text(s.value -> 'needs') as n), '{}'),
        s.value, coalesce(jsonb_typeof(s.value -> 'verify') = 'object', false), 'pending'
    from jsonb_array_elements(p_steps) with ordinality as s;
    select s.step_key, n.needed into v_unknown
    from plan_steps s cross join lateral unnest(s.needs) as n (needed)
    where s.venture_id = p_venture_id and s.plan_id = p_plan_id and not exists (
        select from plan_steps o where o.venture_id = p_venture_id and o.plan_id = p_plan_id and o.step_key = n.needed
            and o.position < s.position)
    limit 1;
    if found then
        perform refuse('HF005', format('The step %s needs %s, which is no step before it.', v_unknown.step_key, v_unknown.needed),
            'Name steps that stand before it.');
    end if;
end
$$;

-- The plan under its locks, for its runner, who holds the supervisor's lease.
create function holdfast.fence_plan(p_venture_id uuid, p_plan_id uuid, p_epoch bigint, p_token uuid) returns holdfast.plans
language plpgsql as $$
declare
    v_plan plans;
begin
    select * into v_plan from plans where venture_id = p_venture_id and id = p_plan_id;
    if not found then
        perform refuse('HF003', format('There is no plan %s.', p_plan_id), 'List the plans with: holdfast status',
            jsonb_build_object('plan_id', p_plan_id));
    end if;
    perform fence_supervisor(p_venture_id, v_plan.supervisor_id, p_epoch, p_token);
    select * into v_plan from plans where venture_id = p_venture_id and id = p_plan_id for no key update;
    return v_plan;
end
$$;

-- The newest round of a step.
create function holdfast.require_plan_step(p_venture_id uuid, p_plan_id uuid, p_step_key text) returns holdfast.plan_steps
language plpgsql as $$
declare
    v_step plan_steps;
begin
    select * into v_step from plan_steps
    where venture_id = p_venture_id and plan_id = p_plan_id and step_key = p_step_key order by round desc limit 1;
    if not found then
        perform refuse('HF003', format('The plan %s has no step %s.', p_plan_id, p_step_key), 'Name one of its steps.');
    end if;
    return v_step;
end
$$;

create function holdfast.emit_plan(p_venture_id uuid, p_plan_id uuid, p_type text, p_data jsonb) returns bigint
language plpgsql as $$
declare
    v_seq bigint;
begin
    update plans set seq = seq + 1 where venture_id = p_venture_id and id = p_plan_id returning seq into v_seq;
    perform emit(p_venture_id, 'plan', p_plan_id, v_seq, p_type, jsonb_strip_nulls(p_data));
    return v_seq;
end
$$;

-- Moves a step whose plan is locked, and writes the event. What changes besides is done by the caller.
create function holdfast.move_locked_step(p_step holdfast.plan_steps, p_to holdfast.plan_status, p_data jsonb default '{}')
returns bigint
language plpgsql as $$
declare
    v_now timestamptz := holdfast.now();
begin
    perform require_drawn('step', p_step.step_key, p_step.status::text, p_to::text, is_drawn(p_step.status, p_to));
    update plan_steps set status = p_to,
        started_at = case when p_to = 'ready' then started_at else coalesce(started_at, v_now) end,
        attempt = attempt + case when p_to = 'running' and p_step.status = 'ready' then 1 else 0 end,
        error_message = case when p_to = 'failed' then left(coalesce(p_data ->> 'reason', 'It gave no reason.'), 20000) end,
        ended_at = case when p_to in ('completed', 'failed', 'skipped') then greatest(v_now, started_at) end
    where venture_id = p_step.venture_id and plan_id = p_step.plan_id and step_key = p_step.step_key and round = p_step.round;
    return emit_plan(p_step.venture_id, p_step.plan_id, 'plan.step_' || p_to,
        jsonb_build_object('step', p_step.step_key, 'title', p_step.title, 'round', p_step.round,
            'attempt', p_step.attempt + case when p_to = 'running' and p_step.status = 'ready' then 1 else 0 end) || p_data);
end
$$;

-- Begins a plan, or goes on with it: steps whose needs are completed become ready. Returns every open step.
create function holdfast.advance_plan(p_plan_id uuid, p_epoch bigint, p_token uuid, p_venture_id uuid default null)
returns setof holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps;
begin
    if v_plan.status = 'pending' then
        update plans set status = 'running', started_at = holdfast.now() where venture_id = v_venture and id = p_plan_id;
        perform emit_plan(v_venture, p_plan_id, 'plan.running', jsonb_build_object('name', v_plan.name));
    end if;
    for v_step in
        select s.* from plan_steps s
        where s.venture_id = v_venture and s.plan_id = p_plan_id and s.status = 'pending'
            and not exists (
                select from unnest(s.needs) as n (needed)
                where coalesce((select o.status from plan_steps o
                    where o.venture_id = v_venture and o.plan_id = p_plan_id and o.step_key = n.needed
                    order by o.round desc limit 1) not in ('completed', 'skipped'), true))
        order by s.position
    loop
        perform move_locked_step(v_step, 'ready');
    end loop;
    return query select s.* from plan_steps s
    where s.venture_id = v_venture and s.plan_id = p_plan_id and s.ended_at is null order by s.position, s.round;
end
$$;

-- ready → running, with the execution that does the work, if there is any; or, at a gate, → waiting, with the question.
create function holdfast.start_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_kind text default null, p_input jsonb default '{}',
    p_gate jsonb default null, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_question uuid;
begin
    -- A waiting step may run too, but only through its gate.
    perform require_drawn('step', p_step_key, v_step.status::text, 'running', v_step.status = 'ready');
    perform move_locked_step(v_step, 'running');
    v_step := require_plan_step(v_venture, p_plan_id, p_step_key);
    if p_gate is not null then
        select q.id into v_question from ask_question(p_gate ->> 'message', v_plan.supervisor_id, null, p_epoch, p_token,
            format('%s#%s.%s', p_step_key, v_step.round, v_step.attempt), p_gate -> 'options',
            (p_gate ->> 'expires_in_seconds')::double precision, null, coalesce(p_gate -> 'context', '{}'),
            p_plan_id, p_step_key, v_venture) q;
        update plan_steps set question_id = v_question where venture_id = v_venture and plan_id = p_plan_id
            and step_key = p_step_key and round = v_step.round;
        perform move_locked_step(v_step, 'waiting', jsonb_build_object('question_id', v_question));
    elsif p_kind is not null then
        perform spawn_for_step(v_plan, v_step, p_epoch, p_token, p_kind, p_input, 'work');
    end if;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

create function holdfast.spawn_for_step(
    p_plan holdfast.plans, p_step holdfast.plan_steps, p_epoch bigint, p_token uuid, p_kind text, p_input jsonb, p_what text)
returns void
language plpgsql as $$
declare
    v_id uuid;
begin
    v_id := spawn_execution(p_plan.supervisor_id, p_epoch, p_token,
        format('%s#%s.%s/%s', p_step.step_key, p_step.round, p_step.attempt, p_what), p_step.title, p_kind, p_input,
        p_step.spec ->> 'agent', p_step.role,
        p_metadata => jsonb_build_object('plan_id', p_plan.id, 'step_key', p_step.step_key, 'round', p_step.round, 'what', p_what),
        p_venture_id => p_plan.venture_id);
    update plan_steps set
        execution_id = case when p_what = 'work' then v_id else execution_id end,
        verification_id = case when p_what = 'verify' then v_id else verification_id end
    where venture_id = p_plan.venture_id and plan_id = p_plan.id and step_key = p_step.step_key and round = p_step.round;
end
$$;

-- waiting → running, once the gate's answer is there; the work of the step begins, if it has any.
create function holdfast.open_gate(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_kind text default null, p_input jsonb default '{}',
    p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_plan     plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step     plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_question questions;
begin
    -- A step that is tried again still names the question of the attempt before.
    perform require_drawn('step', p_step_key, v_step.status::text, 'running', v_step.status = 'waiting');
    select * into v_question from questions where venture_id = v_venture and id = v_step.question_id;
    if v_question.answer is null then
        perform refuse('HF010', format('The gate of the step %s is not answered.', p_step_key),
            'Answer it with: holdfast answer', jsonb_build_object('question_id', v_step.question_id));
    end if;
    perform move_locked_step(v_step, 'running', jsonb_build_object('answer', v_question.answer, 'answered_by', v_question.answered_by));
    v_step := require_plan_step(v_venture, p_plan_id, p_step_key);
    if p_kind is not null then
        perform spawn_for_step(v_plan, v_step, p_epoch, p_token, p_kind, p_input, 'work');
    end if;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

-- running → verifying, with the execution that verifies; what the work gave is kept with the step.
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
    perform move_locked_step(v_step, 'verifying');
    update plan_steps set result = p_result where venture_id = v_venture and plan_id = p_plan_id
        and step_key = p_step_key and round = v_step.round;
    perform spawn_for_step(v_plan, v_step, p_epoch, p_token, p_kind, p_input, 'verify');
    return require_plan_step(v_venture, p_plan_id, p_step_key);
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
    end if;
    perform move_locked_step(v_step, 'completed');
    update plan_steps set result = coalesce(p_result, result) where venture_id = v_venture and plan_id = p_plan_id
        and step_key = p_step_key and round = v_step.round;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
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

-- → failed, or back to ready for another attempt.
create function holdfast.fail_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_reason text, p_retry boolean default false,
    p_result jsonb default null, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
begin
    perform move_locked_step(v_step, 'failed', jsonb_build_object('reason', p_reason));
    update plan_steps set result = coalesce(p_result, result) where venture_id = v_venture and plan_id = p_plan_id
        and step_key = p_step_key and round = v_step.round;
    if p_retry then
        v_step := require_plan_step(v_venture, p_plan_id, p_step_key);
        perform move_locked_step(v_step, 'ready', jsonb_build_object('reason', p_reason));
    end if;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

-- Sends the plan back: the failed step, the step it names and all that stand on that get a new round, with the findings.
-- The rounds before are left as they are, with their evidence.
create function holdfast.send_plan_back(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_from_step text, p_to_step text, p_findings jsonb, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_from    plan_steps := require_plan_step(v_venture, p_plan_id, p_from_step);
    v_to      plan_steps := require_plan_step(v_venture, p_plan_id, p_to_step);
    v_open    text;
begin
    perform require_size('The findings', p_findings, 1048576);
    if v_from.status <> 'failed' then
        perform require_drawn('step', p_from_step, v_from.status::text, 'sent back', false);
    end if;
    with recursive again as (
        select unnest(array[v_to.step_key, v_from.step_key]) as step_key
        union
        select s.step_key from plan_steps s join again a on a.step_key = any (s.needs)
        where s.venture_id = v_venture and s.plan_id = p_plan_id
    ), newest as (
        select distinct on (s.step_key) s.* from plan_steps s join again a on a.step_key = s.step_key
        where s.venture_id = v_venture and s.plan_id = p_plan_id order by s.step_key, s.round desc
    ), added as (
        insert into plan_steps (venture_id, plan_id, step_key, round, position, title, active_form, role, needs, spec,
            has_verification, status, findings)
        select n.venture_id, n.plan_id, n.step_key, n.round + 1, n.position, n.title, n.active_form, n.role, n.needs, n.spec,
            n.has_verification, 'pending', case when n.step_key = p_to_step then p_findings end
        from newest n where n.status in ('completed', 'failed', 'skipped')
        returning step_key
    )
    select min(n.step_key) into v_open from newest n where n.status in ('ready', 'running', 'waiting', 'verifying');
    if v_open is not null then
        perform refuse('HF010', format('The step %s is under way.', v_open), 'Wait until it has ended.');
    end if;
    return emit_plan(v_venture, p_plan_id, 'plan.sent_back', jsonb_build_object('from', p_from_step, 'to', p_to_step,
        'round', v_to.round + 1, 'findings', p_findings));
end
$$;

-- Ends a plan as its steps say: completed only when every newest round is.
create function holdfast.finish_plan(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_error text default null, p_venture_id uuid default null)
returns holdfast.plan_status
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_open    text[];
    v_status  plan_status;
begin
    v_open := open_steps(v_plan);
    v_status := case when v_open is null and p_error is null then 'completed' else 'failed' end;
    if v_plan.status = v_status then
        return v_status;
    end if;
    perform require_drawn('plan', p_plan_id::text, v_plan.status::text, v_status::text, is_drawn(v_plan.status, v_status));
    perform end_plan(v_plan, v_status, p_error, v_open);
    return v_status;
end
$$;

-- Ends a plan that its caller has locked.
create function holdfast.end_plan(p_plan holdfast.plans, p_status holdfast.plan_status, p_error text, p_open text[]) returns void
language plpgsql as $$
begin
    update plans set status = p_status, ended_at = greatest(holdfast.now(), started_at),
        error_message = case when p_status = 'failed' then left(coalesce(p_error, format('Not completed: %s.',
            array_to_string(p_open, ', '))), 20000) end
    where venture_id = p_plan.venture_id and id = p_plan.id;
    perform emit_plan(p_plan.venture_id, p_plan.id, 'plan.' || p_status, jsonb_build_object('name', p_plan.name,
        'error', left(p_error, 500), 'not_completed', p_open));
end
$$;

-- The steps of a plan whose newest round is not done, in the plan's order.
create function holdfast.open_steps(p_plan holdfast.plans) returns text[]
language sql stable as $$
    select array_agg(n.step_key order by n.position) from (
        select distinct on (s.step_key) s.step_key, s.position, s.status from holdfast.plan_steps s
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id order by s.step_key, s.round desc) n
    where n.status not in ('completed', 'skipped')
$$;
