-- What people were told or are to be told, newest first: venture, how many.
select question_id, channel, occasion::text, number, status::text, attempts::integer, error, created_at, due_at, ended_at
from holdfast.notifications where venture_id = $1
order by created_at desc, question_id, channel limit $2
