-- How long the work and the verification of a step like each of these took, as medians: venture, titles, roles, agents.
select s.n::integer, percentile_cont(0.5) within group (order by x.seconds) filter (where x.what = 'work') as work_seconds,
    percentile_cont(0.5) within group (order by x.seconds) filter (where x.what = 'verify') as verification_seconds
from unnest($2::text[], $3::text[], $4::text[]) with ordinality as s (title, role, agent, n)
left join lateral (
    select p.* from holdfast.v_past_executions p
    where p.venture_id = $1 and p.name = s.title order by p.ended_at desc limit 60) x
    on x.role is not distinct from s.role and x.agent is not distinct from s.agent
group by s.n order by s.n
