-- Who was told of a question, or is to be, oldest first: venture, question.
select channel, occasion::text, status::text, attempts::integer, error, created_at, due_at, ended_at
from holdfast.notifications where venture_id = $1 and question_id = $2
order by created_at, channel limit 200
