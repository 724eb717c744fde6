-- Where a plan that runs stands, read from what is under way alone: venture, plan.
select p.total_steps, p.done_steps, p.steered, n.active, n.executions, n.questions
from holdfast.plans p
cross join lateral (
    select coalesce((array_agg(coalesce(s.active_form, s.title) order by s.position, s.item_index)
            filter (where s.items_left is null))[1:10], '{}') as active,
        coalesce(array_agg(case s.status when 'verifying' then s.verification_id else s.execution_id end)
            filter (where s.status <> 'waiting' and coalesce(s.verification_id, s.execution_id) is not null), '{}') as executions,
        coalesce(array_agg(s.question_id) filter (where s.status = 'waiting'), '{}') as questions
    from holdfast.plan_steps s
    where s.venture_id = $1 and s.plan_id = p.id and s.status in ('running', 'waiting', 'verifying')) n
where p.venture_id = $1 and p.id = $2
