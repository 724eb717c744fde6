-- Every round of every step of a plan, with its evidence: venture, plan.
select s.*, e.command as evidence_command, e.exit_code, e.output_digest, e.duration_ms, e.started_at as evidence_at
from holdfast.plan_steps s
left join holdfast.plan_step_evidence e on e.venture_id = s.venture_id and e.plan_id = s.plan_id
    and e.step_key = s.step_key and e.round = s.round and e.attempt = s.attempt
where s.venture_id = $1 and s.plan_id = $2
order by s.started_at nulls last, s.position, s.item_index nulls first, s.round
