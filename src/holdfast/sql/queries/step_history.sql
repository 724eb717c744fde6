-- How long the steps of earlier plans of the same name took, in seconds: venture, plan name.
select s.step_key, array_agg(extract(epoch from s.ended_at - s.started_at)::double precision) as seconds
from holdfast.plan_steps s join holdfast.plans p on p.venture_id = s.venture_id and p.id = s.plan_id
where s.venture_id = $1 and p.name = $2 and s.status = 'completed'
    and p.created_at > (select max(created_at) from holdfast.plans where venture_id = $1) - interval '90 days'
group by s.step_key
