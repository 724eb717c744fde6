-- How executions and questions stand that somebody waits for: venture, execution ids, question ids.
select 'execution' as kind, id, status::text, result as value, error_message
from holdfast.agent_executions where venture_id = $1 and id = any ($2)
union all
select 'question', id, status::text, answer,
    case when status = 'expired' and on_expiry = 'fail' then format('Nobody answered until %s.', expires_at) end
from holdfast.questions where venture_id = $1 and id = any ($3)
