-- What else a plan's runner waits for than its steps: reports, undo commands, checks of its checklist: venture, plan.
select s.report_id as id from holdfast.plan_steps s
where s.venture_id = $1 and s.plan_id = $2 and s.report_id is not null and s.released_at is null and s.is_current
union all
select s.undo_id from holdfast.plan_steps s
where s.venture_id = $1 and s.plan_id = $2 and s.undo_status in ('due', 'running', 'failed') and s.is_current and s.undo_id is not null
union all
select p.rollback_question_id from holdfast.plans p where p.venture_id = $1 and p.id = $2 and p.rollback_question_id is not null
union all
select c.execution_id from holdfast.plan_conditions c where c.venture_id = $1 and c.plan_id = $2 and c.is_checking
