-- What a session has asked and not yet acknowledged, oldest first: venture, the session's own name.
select q.id, q.key, q.message, q.options, q.schema, q.audience, q.blocks, q.status::text, q.answer, q.answered_by, q.created_at, q.expires_at
from holdfast.questions q
join holdfast.claude_sessions s on s.venture_id = q.venture_id and s.id = q.session_id
where q.venture_id = $1 and s.session_id = $2 and q.status in ('open', 'answered', 'delivered') and q.voided_at is null
order by q.created_at, q.id limit 50
