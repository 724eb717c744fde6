-- How long the finished steps of an execution took, in seconds, newest first: venture, execution.
select extract(epoch from ended_at - started_at)::double precision as seconds
from holdfast.execution_steps where venture_id = $1 and execution_id = $2 and status = 'completed'
order by position desc limit 100
