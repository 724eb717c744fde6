-- One question: venture, id.
select q.*, 1 + num_nonnulls(q.answered_at, q.delivered_at, q.acknowledged_at, q.closed_at) as seq
from holdfast.v_questions q where q.venture_id = $1 and q.id = $2
