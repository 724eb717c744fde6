-- Plans, moved by their runner under its supervisor's lease. Lock order: session, directive, supervisor, plan, step,
-- execution, question.

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
    perform require_plan_spec(p_spec);
    id := uuid7();
    sd_key := coalesce(p_sd_key, 'PLAN-' || upper(right(id::text, 8)));
    v_directive := add_directive(sd_key, p_name, p_status => 'active', p_phase => 'EXEC', p_venture_id => v_venture);
    select s.id into supervisor_id from create_supervisor(p_name, 'plan', jsonb_build_object('plan_id', id), 'plan:' || id,
        v_directive, p_venture_id => v_venture) s;
    insert into plans (venture_id, id, name, supervisor_id, directive_id, status, spec, created_at, seq)
    values (v_venture, id, p_name, supervisor_id, v_directive, 'pending', coalesce(p_spec, '{}'), holdfast.now(), 1);
    perform insert_plan_steps(v_venture, id, p_steps, p_spec);
    perform insert_conditions(v_venture, id, p_spec -> 'checklist');
    perform emit(v_venture, 'plan', id, 1, 'plan.created', jsonb_build_object('name', p_name, 'sd_key', sd_key,
        'supervisor_id', supervisor_id, 'directive_id', v_directive, 'steps', (select jsonb_agg(s.step_key order by s.position) from plan_steps s where s.venture_id = v_venture and s.plan_id = id)));
    return next;
end
$$;

create function holdfast.require_plan_spec(p_spec jsonb) returns void
language plpgsql immutable as $$
begin
    if coalesce(p_spec ->> 'mode', 'gates') not in ('gates', 'each_step', 'report') then
        perform refuse('HF005', format('mode = %s is not gates, each_step or report.', p_spec ->> 'mode'), 'Leave it out for gates.');
    elsif (p_spec ->> 'report_wait_seconds')::double precision not between 0 and 604800 then
        perform refuse('HF005', format('report_wait_seconds = %s is not between 0 and 604800.', p_spec ->> 'report_wait_seconds'));
    elsif (p_spec ->> 'max_parallel')::integer < 1 then
        perform refuse('HF005', format('max_parallel = %s is not at least 1.', p_spec ->> 'max_parallel'), 'Leave it out for no limit.');
    end if;
end
$$;

create function holdfast.insert_plan_steps(p_venture_id uuid, p_plan_id uuid, p_steps jsonb, p_spec jsonb) returns void
language plpgsql as $$
begin
    if jsonb_typeof(p_steps) is distinct from 'array' or jsonb_array_length(p_steps) = 0 then
        perform refuse('HF005', 'A plan has at least one step.', 'Give p_steps as an array of objects with an id.');
    end if;
    insert into plan_steps (venture_id, plan_id, step_key, round, position, title, active_form, role, agent, slot, is_exclusive,
        needs, spec, has_verification, status)
    select p_venture_id, p_plan_id, s.value ->> 'id', 1, s.ordinality, coalesce(s.value ->> 'title', s.value ->> 'id'),
        s.value ->> 'active_form', s.value ->> 'role', coalesce(s.value ->> 'agent', 'command'), slot_of(s.value, null),
        s.value -> 'parallel' = 'false' is true,
        array(select n.value from jsonb_array_elements_text(s.value -> 'needs') with ordinality as n group by n.value order by min(n.ordinality)),
        s.value, coalesce(jsonb_typeof(s.value -> 'verify') = 'object', false), 'pending'
    from jsonb_array_elements(p_steps) with ordinality as s;
    insert into plan_step_needs (venture_id, plan_id, needed_key, step_key)
    select p_venture_id, p_plan_id, n.needed, s.step_key
    from plan_steps s cross join lateral unnest(s.needs) as n (needed)
    where s.venture_id = p_venture_id and s.plan_id = p_plan_id;
    update plan_steps s set needs_left = cardinality(s.needs)
    where s.venture_id = p_venture_id and s.plan_id = p_plan_id and s.needs <> '{}';
    update plans set total_steps = jsonb_array_length(p_steps) where venture_id = p_venture_id and id = p_plan_id;
    perform require_sound_steps(p_venture_id, p_plan_id);
end
$$;

-- What counts against one limit together: steps of an agent and a role, and of one foreach.
create function holdfast.slot_of(p_spec jsonb, p_of text) returns text
language sql immutable parallel safe as $$
    select concat_ws('/', coalesce(p_spec ->> 'agent', 'command'), coalesce(p_spec ->> 'role', ''),
        case when p_spec ? 'max_parallel' then p_of end)
$$;

-- What loading a file refuses too, for whoever makes a plan without one.
create function holdfast.require_sound_steps(p_venture_id uuid, p_plan_id uuid) returns void
language plpgsql as $$
declare
    v_wrong record;
begin
    select n.step_key, n.needed_key into v_wrong from plan_step_needs n
    where n.venture_id = p_venture_id and n.plan_id = p_plan_id and not exists (
        select from plan_steps o join plan_steps s on s.venture_id = o.venture_id and s.plan_id = o.plan_id and s.step_key = n.step_key
        where o.venture_id = p_venture_id and o.plan_id = p_plan_id and o.step_key = n.needed_key and o.position < s.position)
    limit 1;
    if found then
        perform refuse('HF005', format('The step %s needs %s, which is no step before it.', v_wrong.step_key, v_wrong.needed_key),
            'Name steps that stand before it.');
    end if;
    select s.step_key into v_wrong from plan_steps s
    where s.venture_id = p_venture_id and s.plan_id = p_plan_id and s.agent = 'person' and not s.has_verification limit 1;
    if found then
        perform refuse('HF005', format('The step %s is done by a person and has no verification.', v_wrong.step_key),
            'Give it verify: what shows that it is done.');
    end if;
    select i.step_key, f.step_key as of_step into v_wrong from plan_steps f join plan_steps i
        on i.venture_id = f.venture_id and i.plan_id = f.plan_id and i.step_key ~ '\.[1-9][0-9]*$'
            and left(i.step_key, length(f.step_key) + 1) = f.step_key || '.'
    where f.venture_id = p_venture_id and f.plan_id = p_plan_id and f.spec ? 'foreach' limit 1;
    if found then
        perform refuse('HF005', format('The step %s has the name of an item of %s.', v_wrong.step_key, v_wrong.of_step), 'Call it otherwise.');
    end if;
end
$$;

-- The plan under its locks, for its runner, who holds the supervisor's lease.
create function holdfast.fence_plan(p_venture_id uuid, p_plan_id uuid, p_epoch bigint, p_token uuid) returns holdfast.plans
language plpgsql as $$
declare
    v_plan plans := require_plan(p_venture_id, p_plan_id);
begin
    perform fence_supervisor(p_venture_id, v_plan.supervisor_id, p_epoch, p_token);
    select * into v_plan from plans where venture_id = p_venture_id and id = p_plan_id for no key update;
    return v_plan;
end
$$;

create function holdfast.require_plan(p_venture_id uuid, p_plan_id uuid) returns holdfast.plans
language plpgsql stable as $$
declare
    v_plan plans;
begin
    select * into v_plan from plans where venture_id = p_venture_id and id = p_plan_id;
    if not found then
        perform refuse('HF003', format('There is no plan %s.', p_plan_id), 'List the plans with: holdfast status',
            jsonb_build_object('plan_id', p_plan_id));
    end if;
    return v_plan;
end
$$;

-- The newest round of a step.
create function holdfast.require_plan_step(p_venture_id uuid, p_plan_id uuid, p_step_key text) returns holdfast.plan_steps
language plpgsql stable as $$
declare
    v_step plan_steps;
begin
    select * into v_step from plan_steps
    where venture_id = p_venture_id and plan_id = p_plan_id and step_key = p_step_key and is_current;
    if not found then
        perform refuse('HF003', format('The plan %s has no step %s.', p_plan_id, p_step_key), 'Name one of its steps.');
    end if;
    return v_step;
end
$$;

-- The next event of a plan that is locked; p_done more of its steps are done than before.
create function holdfast.emit_plan(p_venture_id uuid, p_plan_id uuid, p_type text, p_data jsonb, p_done integer default 0) returns bigint
language plpgsql as $$
declare
    v_seq bigint;
begin
    update plans set seq = seq + 1, done_steps = done_steps + p_done
    where venture_id = p_venture_id and id = p_plan_id returning seq into v_seq;
    perform emit(p_venture_id, 'plan', p_plan_id, v_seq, p_type, jsonb_strip_nulls(p_data));
    return v_seq;
end
$$;

-- Ends a plan as its steps say: completed only when every newest round is, or may fail, and no verification is red.
create function holdfast.finish_plan(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_error text default null, p_venture_id uuid default null)
returns holdfast.plan_status
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_error   text := coalesce(p_error, v_plan.stop_reason);
    v_open    text[] := open_steps(v_plan);
    v_status  plan_status := case when v_open is null and v_error is null then 'completed' else 'failed' end;
begin
    if v_plan.status = v_status then
        return v_status;
    end if;
    perform require_drawn('plan', p_plan_id::text, v_plan.status::text, v_status::text, is_drawn(v_plan.status, v_status));
    perform end_unfinished_items(v_plan);
    perform end_plan(v_plan, v_status, v_error, v_open);
    return v_status;
end
$$;

-- Ends a plan that its caller has locked.
create function holdfast.end_plan(p_plan holdfast.plans, p_status holdfast.plan_status, p_error text, p_open text[]) returns void
language plpgsql as $$
begin
    update plans set status = p_status, ended_at = greatest(holdfast.now(), started_at),
        paused_at = null, paused_by = null, pause_reason = null, rolling_back_to = null, rollback_reason = null, rollback_by = null,
        error_message = case when p_status = 'failed' then left(coalesce(p_error, format('Not completed: %s.',
            array_to_string(p_open, ', '))), 20000) end
    where venture_id = p_plan.venture_id and id = p_plan.id;
    perform emit_plan(p_plan.venture_id, p_plan.id, 'plan.' || p_status, jsonb_build_object('name', p_plan.name,
        'error', left(p_error, 500), 'not_completed', p_open));
end
$$;

-- The steps of a plan that keep it from being completed, in the plan's order: those that are not done, but for one that
-- has failed and may, as long as its verification is not what failed.
create function holdfast.open_steps(p_plan holdfast.plans) returns text[]
language sql stable as $$
    select array_agg(s.step_key order by s.position, s.item_index) from holdfast.plan_steps s
    where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.is_current and (
        s.status not in ('completed', 'skipped', 'failed')
        or s.status = 'failed' and (s.spec ->> 'on_failure' is distinct from 'continue' or s.is_red)
        or s.has_verification and s.status <> 'skipped' and exists (
            select from holdfast.plan_step_evidence e where e.venture_id = s.venture_id and e.plan_id = s.plan_id
                and e.step_key = s.step_key and e.round = s.round and e.attempt = s.attempt and e.exit_code <> 0))
$$;
