-- The id of what somebody calls by its name or its id: venture, what it is, the name, the id if that is one.
select d.id from holdfast.directives d where d.venture_id = $1 and $2 = 'directive' and (d.sd_key = $3 or d.id = $4::uuid)
union all
select s.id from holdfast.claude_sessions s where s.venture_id = $1 and $2 = 'session' and (s.session_id = $3 or s.id = $4)
union all
select s.id from holdfast.supervisor_states s where s.venture_id = $1 and $2 = 'supervisor' and s.id = $4
union all
select e.id from holdfast.agent_executions e where e.venture_id = $1 and $2 = 'execution' and e.id = $4
union all
select p.id from holdfast.plans p where p.venture_id = $1 and $2 = 'plan' and p.id = $4
limit 1
