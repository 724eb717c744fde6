-- The streams of a thing and of all that works on it: venture, what it is, its id.
with recursive tree as (
    select d.id from holdfast.directives d where d.venture_id = $1 and $2 = 'directive' and d.id = $3
    union all
    select d.id from tree t join holdfast.directives d on d.venture_id = $1 and d.parent_id = t.id
), own_plans as (
    select p.id, p.supervisor_id from holdfast.plans p
    where p.venture_id = $1 and (($2 = 'plan' and p.id = $3) or p.directive_id in (select id from tree))
), own_supervisors as (
    select s.id from holdfast.supervisor_states s
    where s.venture_id = $1 and (($2 = 'supervisor' and s.id = $3) or ($2 = 'session' and s.session_id = $3)
        or s.directive_id in (select id from tree) or s.id in (select supervisor_id from own_plans))
)
select id from tree
union select id from own_plans
union select p.id from holdfast.plans p where p.venture_id = $1 and p.supervisor_id in (select id from own_supervisors)
    and $2 in ('session', 'directive')
union select id from own_supervisors
union select e.id from holdfast.agent_executions e
    where e.venture_id = $1 and (($2 = 'execution' and e.id = $3) or ($2 = 'session' and e.session_id = $3)
        or e.directive_id in (select id from tree) or e.supervisor_id in (select id from own_supervisors))
union select s.id from holdfast.claude_sessions s where s.venture_id = $1 and $2 = 'session' and s.id = $3
union select c.session_id from holdfast.directive_claims c
    where c.venture_id = $1 and c.directive_id in (select id from tree) and c.session_id is not null
