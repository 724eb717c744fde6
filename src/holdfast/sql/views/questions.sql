create view holdfast.v_questions with (security_invoker = true) as
select q.*, coalesce(s.name, c.session_id) as asker, p.name as plan_name
from holdfast.questions q
left join holdfast.supervisor_states s on s.venture_id = q.venture_id and s.id = q.supervisor_id
left join holdfast.claude_sessions c on c.venture_id = q.venture_id and c.id = q.session_id
left join holdfast.plans p on p.venture_id = q.venture_id and p.id = q.plan_id;
comment on view holdfast.v_questions is 'Questions with who asks.';
