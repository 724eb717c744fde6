-- What must hold before a plan starts: commands that pass, steps of other plans, a person's tick. Until then it stays
-- pending and says what is missing.

create function holdfast.insert_conditions(p_venture_id uuid, p_plan_id uuid, p_checklist jsonb) returns void
language plpgsql as $$
declare
    v_wrong jsonb;
begin
    if jsonb_typeof(p_checklist) is distinct from 'array' then
        return;
    end if;
    select c into v_wrong from jsonb_array_elements(p_checklist) as c
    where num_nonnulls(case when jsonb_array_length(coalesce(c -> 'command', '[]')) > 0 then 1 end, c ->> 'plan',
            case when c ->> 'tick' = 'true' then 1 end) <> 1 or (c ? 'plan') <> (c ? 'step') limit 1;
    if found then
        perform refuse('HF005', format('The condition %s is not one of a command, a plan with its step, or a tick.', left(v_wrong::text, 200)),
            'Give it exactly one of them.');
    end if;
    insert into plan_conditions (venture_id, plan_id, condition_id, position, title, kind, spec)
    select p_venture_id, p_plan_id, c.value ->> 'id', c.ordinality, coalesce(nullif(c.value ->> 'title', ''), c.value ->> 'id'),
        case when c.value ? 'plan' then 'step' when c.value ->> 'tick' = 'true' then 'tick' else 'command' end, c.value
    from jsonb_array_elements(p_checklist) with ordinality as c;
end
$$;

-- A command is run again each minute: what held may not hold any more.
create function holdfast.is_condition_due(p_condition holdfast.plan_conditions) returns boolean
language sql volatile as $$
    select p_condition.kind = 'command' and not p_condition.is_checking
        and coalesce(p_condition.checked_at <= holdfast.now() - interval '1 minute', true)
$$;

-- What there is to do for a plan that has not begun.
create function holdfast.condition_deeds(p_plan holdfast.plans)
returns table (deed text, step_key text, round integer, attempt integer, title text, spec jsonb, findings jsonb, result jsonb,
    has_verification boolean, error_message text, question_id uuid, outcome_id uuid, outcome_status text, outcome_value jsonb,
    outcome_error text)
language sql stable as $$
    select case when c.is_checking then 'settle_condition' else 'check_condition' end, c.condition_id, 1, c.checks, c.title, c.spec::jsonb,
        null::jsonb, null::jsonb, false, null::text, null::uuid, e.id, e.status::text, e.result::jsonb, e.error_message::text
    from holdfast.plan_conditions c
    left join holdfast.agent_executions e on e.venture_id = c.venture_id and e.id = c.execution_id
    where c.venture_id = p_plan.venture_id and c.plan_id = p_plan.id and p_plan.paused_at is null
        and case when c.is_checking then e.ended_at is not null else holdfast.is_condition_due(c) end
    order by c.position
$$;

-- Starts the command of a condition.
create function holdfast.check_condition(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_condition_id text, p_kind text, p_input jsonb, p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_plan      plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_condition plan_conditions := require_condition(v_plan, p_condition_id);
    v_id        uuid;
begin
    if v_condition.kind <> 'command' or v_condition.is_checking then
        perform refuse('HF010', format('The condition %s has no command or is being checked.', p_condition_id), 'Wait for its execution.');
    end if;
    v_id := spawn_execution(v_plan.supervisor_id, p_epoch, p_token, format('checklist/%s#%s', p_condition_id, v_condition.checks + 1),
        v_condition.title, p_kind, p_input, 'command',
        p_metadata => jsonb_build_object('plan_id', p_plan_id, 'condition_id', p_condition_id, 'what', 'condition'), p_venture_id => v_venture);
    update plan_conditions set is_checking = true, checks = checks + 1, execution_id = v_id
    where venture_id = v_venture and plan_id = p_plan_id and condition_id = p_condition_id;
    return v_id;
end
$$;

create function holdfast.require_condition(p_plan holdfast.plans, p_condition_id text) returns holdfast.plan_conditions
language plpgsql as $$
declare
    v_condition plan_conditions;
begin
    select * into v_condition from plan_conditions
    where venture_id = p_plan.venture_id and plan_id = p_plan.id and condition_id = p_condition_id;
    if not found then
        perform refuse('HF003', format('The checklist of the plan %s has no condition %s.', p_plan.id, p_condition_id),
            format('Look at it with: holdfast plan check %s', right(p_plan.id::text, 8)));
    end if;
    return v_condition;
end
$$;

-- Keeps what the command of a condition ran and what came of it, read from its execution.
create function holdfast.record_condition(p_plan_id uuid, p_epoch bigint, p_token uuid, p_condition_id text, p_venture_id uuid default null)
returns holdfast.plan_conditions
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_plan      plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_condition plan_conditions := require_condition(v_plan, p_condition_id);
    v_run       agent_executions;
begin
    select * into v_run from agent_executions where venture_id = v_venture and id = v_condition.execution_id;
    if not v_condition.is_checking or v_run.ended_at is null then
        perform refuse('HF011', format('The check of the condition %s has not run to its end.', p_condition_id), 'Wait for its execution.',
            jsonb_build_object('execution_id', v_condition.execution_id));
    end if;
    perform keep_plan_evidence(v_plan, 'condition', p_condition_id, v_condition.checks, v_run);
    perform note_condition(v_condition, v_run.status = 'completed', case when v_run.status = 'completed' then 'it passed'
        else coalesce(v_run.error_message, v_run.status::text) end);
    return require_condition(v_plan, p_condition_id);
end
$$;

-- Writes down what a check found; told again only when that changes.
create function holdfast.note_condition(p_condition holdfast.plan_conditions, p_holds boolean, p_told text, p_by text default null) returns void
language plpgsql as $$
begin
    update plan_conditions set holds = p_holds, told = left(p_told, 2000), checked_at = holdfast.now(), is_checking = false,
        ticked_by = coalesce(p_by, ticked_by)
    where venture_id = p_condition.venture_id and plan_id = p_condition.plan_id and condition_id = p_condition.condition_id;
    if p_condition.checked_at is null or p_condition.holds <> p_holds or p_condition.told is distinct from left(p_told, 2000) then
        perform emit_plan(p_condition.venture_id, p_condition.plan_id, 'plan.condition_checked', jsonb_build_object(
            'condition', p_condition.condition_id, 'title', p_condition.title, 'holds', p_holds, 'told', left(p_told, 500), 'by', p_by));
    end if;
end
$$;

-- Looks whether the steps of other plans are done: of the newest plan of that name.
create function holdfast.look_at_steps_of_others(p_plan holdfast.plans) returns void
language plpgsql as $$
declare
    v_condition plan_conditions;
    v_status    plan_status;
begin
    for v_condition in
        select * from plan_conditions c where c.venture_id = p_plan.venture_id and c.plan_id = p_plan.id and c.kind = 'step'
        order by c.position
    loop
        v_status := (select s.status from plan_steps s
            where s.venture_id = p_plan.venture_id and s.step_key = v_condition.spec ->> 'step' and s.is_current and s.plan_id = (
                select p.id from plans p where p.venture_id = p_plan.venture_id and p.name = v_condition.spec ->> 'plan' and p.id <> p_plan.id
                order by p.created_at desc limit 1));
        if v_condition.checked_at is null or v_condition.told is distinct from coalesce('it is ' || v_status, 'there is no such step') then
            perform note_condition(v_condition, v_status is not distinct from 'completed', coalesce('it is ' || v_status, 'there is no such step'));
        end if;
    end loop;
end
$$;

-- A person says that a condition holds.
create function holdfast.tick_condition(p_plan_id uuid, p_condition_id text, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'operator');
    v_plan      plans := lock_plan(v_venture, p_plan_id);
    v_condition plan_conditions := require_condition(v_plan, p_condition_id);
begin
    if v_condition.kind <> 'tick' then
        perform refuse('HF005', format('The condition %s is not ticked by a person: %s decides.', p_condition_id,
            case v_condition.kind when 'command' then 'its command' else 'the other plan' end),
            format('Look at it with: holdfast plan check %s', right(p_plan_id::text, 8)));
    elsif v_condition.holds then
        perform refuse('HF010', format('The condition %s was ticked by %s at %s.', p_condition_id, coalesce(v_condition.ticked_by, 'somebody'),
            v_condition.checked_at), 'There is nothing to do.');
    end if;
    perform require_unended(v_plan, 'ticked');
    perform note_condition(v_condition, true, 'ticked by ' || acting_user(), acting_user());
    return ring_runner(v_plan, 'ticked', null, jsonb_build_object('condition', p_condition_id));
end
$$;

-- The checklist of a plan, with what the newest check of each condition ran.
create function holdfast.plan_conditions(p_plan_id uuid, p_venture_id uuid default null)
returns table (condition_id text, title text, kind text, holds boolean, checked_at timestamptz, told text, ticked_by text, checks integer,
    spec jsonb, command jsonb, exit_code integer, output_digest bytea, output_tail text, execution_id uuid)
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
begin
    perform require_plan(v_venture, p_plan_id);
    return query select c.condition_id, c.title, c.kind, c.holds, c.checked_at, c.told::text, c.ticked_by, c.checks, c.spec::jsonb,
        coalesce(e.command, c.spec -> 'command'), e.exit_code, e.output_digest, e.output_tail, c.execution_id
    from plan_conditions c left join plan_evidence e on e.venture_id = c.venture_id and e.plan_id = c.plan_id and e.what = 'condition'
        and e.subject = c.condition_id and e.number = c.checks - c.is_checking::integer
    where c.venture_id = v_venture and c.plan_id = p_plan_id order by c.position;
end
$$;
