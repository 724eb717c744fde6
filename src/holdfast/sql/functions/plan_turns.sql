-- A turn of a plan's runner: what became due since the last one. Everything here reads only the steps that are ready or
-- under way, so a turn costs the same in a plan of ten steps and of ten thousand.

-- Begins a plan whose conditions hold, makes steps ready whose needs are released, and says what there is to do. Where the
-- plan has nothing to do and waits for nothing, that is to finish it.
create function holdfast.advance_plan(p_plan_id uuid, p_epoch bigint, p_token uuid, p_venture_id uuid default null)
returns table (deed text, step_key text, round integer, attempt integer, title text, spec jsonb, findings jsonb, result jsonb,
    has_verification boolean, error_message text, question_id uuid, outcome_id uuid, outcome_status text, outcome_value jsonb,
    outcome_error text, steered integer)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
begin
    if v_plan.ended_at is not null then
        return;
    elsif v_plan.status <> 'running' then
        if not begin_plan(v_plan) then
            return query select d.*, v_plan.steered from condition_deeds(v_plan) d;
            return;
        end if;
    end if;
    perform make_steps_ready(v_plan);
    return query select d.*, v_plan.steered from plan_deeds(v_plan) d;
    if not found and v_plan.rolling_back_to is null and v_plan.paused_at is null and not is_waiting(v_plan) then
        deed := 'finish';
        steered := v_plan.steered;
        return next;
    end if;
end
$$;

create function holdfast.begin_plan(p_plan holdfast.plans) returns boolean
language plpgsql as $$
begin
    perform look_at_steps_of_others(p_plan);
    if p_plan.paused_at is not null or exists (
        select from plan_conditions c where c.venture_id = p_plan.venture_id and c.plan_id = p_plan.id
            and (not c.holds or c.is_checking or is_condition_due(c))) then
        return false;
    end if;
    update plans set status = 'running', started_at = coalesce(started_at, holdfast.now()) where venture_id = p_plan.venture_id and id = p_plan.id;
    perform emit_plan(p_plan.venture_id, p_plan.id, 'plan.running', jsonb_build_object('name', p_plan.name));
    return true;
end
$$;

-- pending → ready, as many as are due, in one statement. Without a join: of a plan that has just been made there are no
-- statistics, and then it would be all its steps by all its steps.
create function holdfast.make_steps_ready(p_plan holdfast.plans) returns void
language plpgsql as $$
declare
    v_many integer;
begin
    with moved as (
        update plan_steps s set status = 'ready'
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status = 'pending' and s.needs_left = 0
        returning s.step_key, s.title, s.round, s.attempt, s.position, s.item_index
    ), counted as (
        select m.*, row_number() over (order by m.position, m.item_index) as number from moved m
    ), told as (
        insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
        select p_plan.venture_id, 'plan', p_plan.id, (select seq from plans p where p.venture_id = p_plan.venture_id and p.id = p_plan.id) + c.number,
            pg_current_xact_id(), 'plan.step_ready', holdfast.now(), request_user(),
            jsonb_build_object('step', c.step_key, 'title', c.title, 'round', c.round, 'attempt', c.attempt)
        from counted c
    )
    select count(*) into v_many from counted;
    if v_many > 0 then
        update plans set seq = seq + v_many where venture_id = p_plan.venture_id and id = p_plan.id;
    end if;
end
$$;

-- Why a plan starts nothing, not even what a person has just approved; null: it does.
create function holdfast.what_stays(p_plan holdfast.plans) returns text
language sql immutable as $$
    select case
        when p_plan.ended_at is not null then 'over'
        when p_plan.rolling_back_to is not null then 'rolling back'
        when p_plan.stop_reason is not null then 'being stopped'
        when p_plan.paused_at is not null then 'paused' end
$$;

-- Why a plan starts no step; null: it does. A failure elsewhere holds up no step that is under way, and one at its gate is:
-- else the plan, which ends when nothing is under way any more, would wait for it for ever.
create function holdfast.what_holds(p_plan holdfast.plans) returns text
language sql stable as $$
    select coalesce(holdfast.what_stays(p_plan), case when exists (select from holdfast.plan_steps s
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status = 'failed' and s.is_current
            and s.spec ->> 'on_failure' is distinct from 'continue') then 'held up by a step that has failed' end)
$$;

-- Whether anything is under way, or reported and not answered, for which a plan waits before it is over.
create function holdfast.is_waiting(p_plan holdfast.plans) returns boolean
language sql stable as $$
    select exists (select from holdfast.plan_steps s
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status in ('running', 'waiting', 'verifying')
            and s.items_left is null)
        or p_plan.stop_reason is null and exists (select from holdfast.plan_steps s
            where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.report_id is not null and s.released_at is null
                and s.is_current and s.status = 'completed')
$$;

-- How many steps are at work, by what limits them.
create function holdfast.taken_in(p_plan holdfast.plans) returns jsonb
language sql stable as $$
    select coalesce(jsonb_object_agg(t.what, t.many), '{}') from (
        select w.what, count(*) as many from holdfast.plan_steps s
        cross join lateral unnest(array['all', 'agent/' || s.agent, 'role/' || s.role, 'of/' || s.of_step,
            case when s.is_exclusive then 'alone' end]) as w (what)
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status in ('running', 'waiting', 'verifying')
            and s.status <> 'waiting' and s.items_left is null and w.what is not null
        group by w.what) t
$$;

-- For how many steps like this one there is room beside what is at work; null: for any number.
create function holdfast.room_in(p_taken jsonb, p_spec jsonb, p_step holdfast.plan_steps) returns integer
language sql immutable parallel safe as $$
    select case when p_taken ? 'alone' or p_step.is_exclusive and p_taken ? 'all' then 0
        when p_step.is_exclusive then 1
        else least(
            (p_spec ->> 'max_parallel')::integer - coalesce((p_taken ->> 'all')::integer, 0),
            least((p_spec -> 'limits' -> 'roles' ->> p_step.role)::integer, (p_spec -> 'roles' -> p_step.role ->> 'max_parallel')::integer)
                - coalesce((p_taken ->> ('role/' || p_step.role))::integer, 0),
            (p_spec -> 'limits' -> 'agents' ->> p_step.agent)::integer - coalesce((p_taken ->> ('agent/' || p_step.agent))::integer, 0),
            case when p_step.of_step is not null then (p_step.spec ->> 'max_parallel')::integer
                - coalesce((p_taken ->> ('of/' || p_step.of_step))::integer, 0) end) end
$$;

-- The same with one step more at work.
create function holdfast.taken_with(p_taken jsonb, p_step holdfast.plan_steps) returns jsonb
language sql immutable parallel safe as $$
    select p_taken || jsonb_object_agg(w.what, coalesce((p_taken ->> w.what)::integer, 0) + 1)
    from unnest(array['all', 'agent/' || p_step.agent, 'role/' || p_step.role, 'of/' || p_step.of_step,
        case when p_step.is_exclusive then 'alone' end]) as w (what)
    where w.what is not null
$$;

-- Refuses to start a step while its plan starts nothing, or beyond a limit.
create function holdfast.require_room(p_plan holdfast.plans, p_step holdfast.plan_steps, p_held text) returns void
language plpgsql as $$
begin
    if p_held is not null then
        perform refuse('HF010', format('The step %s does not start: the plan is %s.', p_step.step_key, p_held),
            'Look at the plan again.', jsonb_build_object('plan_id', p_plan.id, 'held', p_held));
    elsif room_in(taken_in(p_plan), p_plan.spec, p_step) <= 0 then
        perform refuse('HF010', format('The step %s does not start: as many steps as the plan allows are under way.', p_step.step_key),
            'Wait until one has ended.', jsonb_build_object('plan_id', p_plan.id));
    end if;
end
$$;

-- The ready steps that may start now, in the plan's order. Of each slot only as many are read as it has room for.
create function holdfast.startable_steps(p_plan holdfast.plans) returns setof holdfast.plan_steps
language plpgsql stable as $$
declare
    v_taken jsonb := taken_in(p_plan);
    v_alone integer;
    v_room  integer;
    v_step  plan_steps;
    v_from  plan_steps[] := '{}';
begin
    if what_holds(p_plan) is not null then
        return;
    end if;
    select min(s.position) into v_alone from plan_steps s
    where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status = 'ready' and s.is_exclusive;
    for v_step in select * from first_of_slots(p_plan) loop
        v_room := coalesce(room_in(v_taken, p_plan.spec, v_step), 500);
        v_from := v_from || array(select s from plan_steps s
            where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status = 'ready' and s.slot = v_step.slot
                and (v_alone is null or s.position <= v_alone)
            order by s.position, s.item_index nulls first limit greatest(v_room, 0));
    end loop;
    for v_step in select u.* from unnest(v_from) u order by u.position, u.item_index nulls first loop
        if coalesce(room_in(v_taken, p_plan.spec, v_step), 1) > 0 then
            v_taken := taken_with(v_taken, v_step);
            return next v_step;
        end if;
    end loop;
end
$$;

-- One ready step of each slot, by steps through the index.
create function holdfast.first_of_slots(p_plan holdfast.plans) returns setof holdfast.plan_steps
language plpgsql stable as $$
declare
    v_step plan_steps;
begin
    loop
        select s.* into v_step from plan_steps s
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status = 'ready'
            and s.slot > coalesce(v_step.slot, '')
        order by s.slot, s.position, s.item_index limit 1;
        exit when not found;
        return next v_step;
    end loop;
end
$$;

-- What there is to do in a plan that runs.
create function holdfast.plan_deeds(p_plan holdfast.plans)
returns table (deed text, step_key text, round integer, attempt integer, title text, spec jsonb, findings jsonb, result jsonb,
    has_verification boolean, error_message text, question_id uuid, outcome_id uuid, outcome_status text, outcome_value jsonb,
    outcome_error text)
language plpgsql stable as $$
#variable_conflict use_column
begin
    return query
    select d.deed, s.step_key::text, s.round::integer, s.attempt::integer, s.title, s.spec::jsonb, s.findings::jsonb, s.result::jsonb,
        s.has_verification, s.error_message, s.question_id, d.outcome_id, d.outcome_status, d.outcome_value, d.outcome_error
    from (select * from settled_deeds(p_plan) union all select * from steered_deeds(p_plan)
        union all select 'start', x.step_key, x.round, null, null, null, null from startable_steps(p_plan) x) d
    join plan_steps s on s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.step_key = d.step_key and s.round = d.round;
end
$$;

-- What of that which is under way has come to its end.
create function holdfast.settled_deeds(p_plan holdfast.plans)
returns table (deed text, step_key text, round integer, outcome_id uuid, outcome_status text, outcome_value jsonb, outcome_error text)
language plpgsql stable as $$
#variable_conflict use_column
declare
    v_taken jsonb := taken_in(p_plan);
    v_stays boolean := what_stays(p_plan) is not null;
begin
    return query
    select case when s.status = 'verifying' then 'settle_verification' else 'settle_work' end, s.step_key, s.round::integer,
        e.id, e.status::text, e.result::jsonb, e.error_message::text
    from plan_steps s left join agent_executions e on e.venture_id = s.venture_id
        and e.id = case s.status when 'verifying' then s.verification_id else s.execution_id end
    where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status in ('running', 'waiting', 'verifying')
        and s.status <> 'waiting' and s.items_left is null and (e.id is null or e.ended_at is not null);
    return query
    select case s.question_of when 'work' then 'hear_person' else 'pass_gate' end, s.step_key, s.round::integer,
        q.id, q.status::text, q.answer::jsonb, null::text
    from plan_steps s join questions q on q.venture_id = s.venture_id and q.id = s.question_id
    where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status in ('running', 'waiting', 'verifying')
        and s.status = 'waiting' and q.status <> 'open'
        and (not is_go_ahead(s, q.answer)
            or (s.question_of = 'work' or not v_stays) and coalesce(room_in(v_taken, p_plan.spec, s), 1) > 0);
    return query
    select 'settle_items', s.step_key, s.round::integer, null::uuid, null, null::jsonb, null
    from plan_steps s
    where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status in ('running', 'waiting', 'verifying')
        and (s.items_left = 0 or are_items_given_up(s));
    return query
    select 'release', s.step_key, s.round::integer, q.id, q.status::text, q.answer::jsonb, null
    from plan_steps s join questions q on q.venture_id = s.venture_id and q.id = s.report_id
    where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.report_id is not null and s.released_at is null
        and s.is_current and s.status = 'completed' and q.status <> 'open' and p_plan.stop_reason is null;
end
$$;

-- Whether after this answer of a person there is more to run for a step: its work, or the verification of what the person did.
create function holdfast.is_go_ahead(p_step holdfast.plan_steps, p_answer jsonb) returns boolean
language sql immutable parallel safe as $$
    select coalesce(case p_step.question_of when 'work' then p_answer = '"done"' else p_step.spec -> 'gate' -> 'approve' @> p_answer end, false)
$$;

-- What follows from a failure, and from a person's wish to go back.
create function holdfast.steered_deeds(p_plan holdfast.plans)
returns table (deed text, step_key text, round integer, outcome_id uuid, outcome_status text, outcome_value jsonb, outcome_error text)
language plpgsql stable as $$
#variable_conflict use_column
begin
    if p_plan.rolling_back_to is not null then
        return query select * from undo_deeds(p_plan);
    elsif p_plan.stop_reason is null and p_plan.paused_at is null then
        return query
        select 'send_back', s.step_key, s.round::integer, e.id, e.status::text, e.result::jsonb, null from plan_steps s
        left join agent_executions e on e.venture_id = s.venture_id and e.id = greatest(s.execution_id, s.verification_id)  -- ids sort by age
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status = 'failed' and s.is_current and s.of_step is null
            and s.round <= (s.spec -> 'on_failure' ->> 'at_most')::integer
            and not exists (select from busy_among(p_plan, array[s.step_key, s.spec -> 'on_failure' ->> 'to']))
        order by s.position limit 1;  -- another may stand on it
    end if;
end
$$;
