-- Going back: what is done again gets a new round, and the rounds before stay as they are, with their evidence.

-- Sends the plan back: the failed step, the step it names and all that stand on these get a new round, with the findings.
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
    select min(b.step_key) into v_open from busy_among(v_plan, array[p_from_step, p_to_step]) b;
    if v_open is not null then
        perform refuse('HF010', format('The step %s is under way.', v_open), 'Wait until it has ended.');
    end if;
    perform open_new_rounds(v_plan, array[p_from_step, p_to_step], p_to_step, p_findings, 'It was sent back before it began.', false);
    return emit_plan(v_venture, p_plan_id, 'plan.sent_back', jsonb_build_object('from', p_from_step, 'to', p_to_step,
        'round', v_to.round + 1, 'findings', p_findings));
end
$$;

-- Some steps and all that stand on them, with their items, in their newest rounds.
create function holdfast.standing_on(p_plan holdfast.plans, p_keys text[]) returns setof holdfast.plan_steps
language sql stable as $$
    with recursive again as (
        select unnest(p_keys) as step_key
        union
        select n.step_key from again a join holdfast.plan_step_needs n
            on n.venture_id = p_plan.venture_id and n.plan_id = p_plan.id and n.needed_key = a.step_key
    )
    select s.* from again a join holdfast.plan_steps s
        on s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.step_key = a.step_key and s.is_current
    union all
    select s.* from again a join holdfast.plan_steps s
        on s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.of_step = a.step_key and s.is_current
$$;

-- Those of them at which somebody works or for which a person is asked; a foreach is no work of its own.
create function holdfast.busy_among(p_plan holdfast.plans, p_keys text[]) returns setof holdfast.plan_steps
language sql stable as $$
    select s.* from holdfast.standing_on(p_plan, p_keys) s
    where s.status in ('running', 'waiting', 'verifying') and s.items_left is null
$$;

-- Gives them a new round each, where they have begun; the rounds before are no longer the newest. An approval is kept with
-- its digest where p_keep says so, and counts as long as what it is for does not change.
create function holdfast.open_new_rounds(
    p_plan holdfast.plans, p_keys text[], p_told text, p_findings jsonb, p_reason text, p_keep boolean) returns void
language plpgsql as $$
declare
    v_step plan_steps;
    v_keys text[] := array(select s.step_key from standing_on(p_plan, p_keys) s);
begin
    for v_step in select s.* from standing_on(p_plan, p_keys) s order by s.position, s.item_index nulls last loop
        if v_step.status = 'ready' then
            perform move_locked_step(v_step, 'skipped', jsonb_build_object('reason', p_reason));
        elsif v_step.items_left is not null and v_step.status = 'running' then
            perform move_locked_step(v_step, 'failed', jsonb_build_object('reason', p_reason));
        end if;
        perform withdraw_report(v_step, p_reason);
    end loop;
    update plans p set done_steps = p.done_steps - (
        select count(*) from plan_steps s where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.is_current
            and s.step_key = any (v_keys) and s.of_step is null
            and (s.status in ('completed', 'skipped') or s.status = 'failed' and s.released_at is not null))
    where p.venture_id = p_plan.venture_id and p.id = p_plan.id;
    with over as (
        update plan_steps s set is_current = false
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.is_current and s.step_key = any (v_keys)
            and s.ended_at is not null
        returning s.*
    )
    insert into plan_steps (venture_id, plan_id, step_key, round, position, title, active_form, role, agent, slot, is_exclusive, needs,
        spec, has_verification, status, findings, question_id, question_of, action_digest, is_approved)
    select o.venture_id, o.plan_id, o.step_key, o.round + 1, o.position, o.title, o.active_form, o.role, o.agent, o.slot, o.is_exclusive,
        o.needs, o.spec, coalesce(jsonb_typeof(o.spec -> 'verify') = 'object', false), 'pending',
        case when o.step_key = p_told then p_findings end,
        case when o.is_approved and p_keep then o.question_id end, case when o.is_approved and p_keep then o.question_of end,
        case when o.is_approved and p_keep then o.action_digest end, o.is_approved and p_keep
    from over o where o.of_step is null;
    perform count_needs(p_plan, v_keys);
    perform skip_again(p_plan, v_keys);
end
$$;

-- Counts anew for pending steps which of their needs are not released.
create function holdfast.count_needs(p_plan holdfast.plans, p_keys text[]) returns void
language sql as $$
    update holdfast.plan_steps s set needs_left = (
        select count(*) from unnest(s.needs) as n (needed) join holdfast.plan_steps o
            on o.venture_id = s.venture_id and o.plan_id = s.plan_id and o.step_key = n.needed and o.is_current
        where o.released_at is null)
    where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.is_current and s.step_key = any (p_keys) and s.status = 'pending'
$$;

-- Of what has a new round, that which needs a step that failed or was skipped for a failure, and has no new round, is skipped
-- once more: the plan has gone on without it.
create function holdfast.skip_again(p_plan holdfast.plans, p_keys text[]) returns void
language plpgsql as $$
declare
    v_step plan_steps;
begin
    for v_step in
        select s.* from plan_steps s
        where s.venture_id = p_plan.venture_id and s.plan_id = p_plan.id and s.is_current and s.step_key <> all (p_keys)
            and (s.status = 'failed' and s.released_at is not null or s.is_blocked) and exists (select from plan_step_needs n
                where n.venture_id = s.venture_id and n.plan_id = s.plan_id and n.needed_key = s.step_key and n.step_key = any (p_keys))
        order by s.position
    loop
        perform skip_what_needs(v_step, coalesce(v_step.skip_reason, v_step.step_key || ' has failed.'));
    end loop;
end
$$;

create function holdfast.withdraw_report(p_step holdfast.plan_steps, p_reason text) returns void
language plpgsql as $$
begin
    if p_step.report_id is not null and p_step.released_at is null then
        perform withdraw_locked_question(q, p_reason) from lock_question(p_step.venture_id, p_step.report_id) q where q.status = 'open';
    end if;
end
$$;
