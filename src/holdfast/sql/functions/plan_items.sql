-- A step that is done once for each item of a list: each is a step of its own, of the same round.

-- ready → running, with a ready step for each item; with none, → skipped.
create function holdfast.expand_plan_step(
    p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_items jsonb, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_many    integer;
begin
    if jsonb_typeof(p_items) is distinct from 'array' or jsonb_array_length(p_items) > 10000 then
        perform refuse('HF005', format('The items of the step %s are no list of at most 10000.', p_step_key), 'Give p_items as an array.');
    end if;
    -- Behind its gate it waits or has begun to run.
    perform require_drawn('step', p_step_key, v_step.status::text, 'expanded', v_step.items_left is null and v_step.execution_id is null
        and v_step.status in ('ready', 'running'));
    v_many := jsonb_array_length(p_items);
    if v_many = 0 and v_step.status = 'ready' then
        perform skip_locked_step(v_step, 'There is no item.');
        return require_plan_step(v_venture, p_plan_id, p_step_key);
    elsif v_step.status = 'ready' then
        perform require_room(v_plan, v_step, what_holds(v_plan));
        perform move_locked_step(v_step, 'running');
    end if;
    perform insert_items(v_step, p_items);
    perform emit_plan(v_venture, p_plan_id, 'plan.step_expanded', jsonb_build_object('step', p_step_key, 'title', v_step.title,
        'round', v_step.round, 'items', v_many));
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

create function holdfast.insert_items(p_step holdfast.plan_steps, p_items jsonb) returns void
language plpgsql as $$
declare
    v_spec jsonb := p_step.spec - array['foreach', 'when', 'gate', 'needs', 'id'] || jsonb_build_object('of', p_step.step_key);
begin
    insert into plan_steps (venture_id, plan_id, step_key, round, position, title, active_form, role, agent, slot, is_exclusive, needs,
        spec, has_verification, status, findings, of_step, item_index)
    select p_step.venture_id, p_step.plan_id, p_step.step_key || '.' || i.ordinality, p_step.round, p_step.position,
        left(p_step.title || case when jsonb_typeof(i.value) in ('string', 'number') and length(i.value #>> '{}') <= 60 then ': ' || (i.value #>> '{}')
            else format(' (%s of %s)', i.ordinality, jsonb_array_length(p_items)) end, 500),
        p_step.active_form, p_step.role, p_step.agent, slot_of(p_step.spec, p_step.step_key), p_step.is_exclusive, '{}',
        v_spec || jsonb_build_object('id', p_step.step_key || '.' || i.ordinality, 'item', i.value, 'index', i.ordinality - 1),
        p_step.has_verification, 'pending', p_step.findings, p_step.step_key, i.ordinality
    from jsonb_array_elements(p_items) with ordinality as i;
    -- Each item has its own verification.
    update plan_steps set items_left = jsonb_array_length(p_items), items_failed = 0, has_verification = false
    where venture_id = p_step.venture_id and plan_id = p_step.plan_id and step_key = p_step.step_key and round = p_step.round;
end
$$;

-- Counts an item that has ended with its foreach.
create function holdfast.settle_item(p_item holdfast.plan_steps, p_failed boolean) returns void
language sql as $$
    update holdfast.plan_steps s set items_left = s.items_left - 1, items_failed = s.items_failed + p_failed::integer
    where s.venture_id = p_item.venture_id and s.plan_id = p_item.plan_id and s.step_key = p_item.of_step and s.round = p_item.round
$$;

-- Whether an item has failed where one that fails stops the others, and none of them is under way any more.
create function holdfast.are_items_given_up(p_step holdfast.plan_steps) returns boolean
language sql stable as $$
    select p_step.items_failed > 0 and p_step.spec ->> 'on_failure' is distinct from 'continue' and not exists (
        select from holdfast.plan_steps i
        where i.venture_id = p_step.venture_id and i.plan_id = p_step.plan_id and i.of_step = p_step.step_key and i.round = p_step.round
            and i.status in ('running', 'waiting', 'verifying'))
$$;

-- Ends a foreach as its items did: its result is the list of theirs, or it has failed if one has.
create function holdfast.settle_items(p_plan_id uuid, p_epoch bigint, p_token uuid, p_step_key text, p_venture_id uuid default null)
returns holdfast.plan_steps
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_plan    plans := fence_plan(v_venture, p_plan_id, p_epoch, p_token);
    v_step    plan_steps := require_plan_step(v_venture, p_plan_id, p_step_key);
    v_results jsonb;
    v_failed  text;
begin
    if v_step.items_left is distinct from 0 and are_items_given_up(v_step) is not true then
        perform refuse('HF010', format('%s items of the step %s have not ended.', v_step.items_left, p_step_key), 'Wait for them.');
    end if;
    perform give_up_items(v_step, 'An item before it has failed.');
    select jsonb_agg(i.result order by i.item_index), string_agg(i.step_key, ', ' order by i.item_index) filter (where i.status = 'failed')
    into v_results, v_failed from plan_steps i
    where i.venture_id = v_venture and i.plan_id = p_plan_id and i.of_step = p_step_key and i.round = v_step.round;
    if v_step.items_failed > 0 then
        perform fail_locked_step(v_step, format('%s of %s items have failed: %s.', v_step.items_failed,
            jsonb_array_length(v_results), v_failed), false, v_results);
    else
        perform complete_locked_step(v_plan, v_step, p_epoch, p_token, coalesce(v_results, '[]'));
    end if;
    return require_plan_step(v_venture, p_plan_id, p_step_key);
end
$$;

-- Skips the items of a foreach that were not begun.
create function holdfast.give_up_items(p_step holdfast.plan_steps, p_reason text) returns void
language plpgsql as $$
declare
    v_item plan_steps;
begin
    for v_item in
        select i.* from plan_steps i
        where i.venture_id = p_step.venture_id and i.plan_id = p_step.plan_id and i.of_step = p_step.step_key and i.round = p_step.round
            and i.status in ('pending', 'ready') order by i.item_index
    loop
        perform skip_locked_step(v_item, p_reason);
    end loop;
end
$$;

-- Ends each foreach whose plan ends before all its items were begun: nothing runs in a plan that is over.
create function holdfast.end_unfinished_items(p_plan holdfast.plans) returns void
language plpgsql as $$
declare
    v_step plan_steps;
begin
    for v_step in
        select s.* from plan_steps s
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.status = 'running' and s.items_left is not null
        order by s.position
    loop
        perform give_up_items(v_step, 'Its plan was over before it began.');
        perform move_locked_step(v_step, 'failed', jsonb_build_object('reason', 'Its plan was over before all its items were begun.'));
    end loop;
end
$$;
