-- One question: venture, id.
select q.*, 1 + num_nonnulls(q.answered_at, q.delivered_at, q.acknowledged_at, q.closed_at, q.voided_at) + q.escalated as seq,
    encode(q.action_digest, 'hex') as action_sha256, holdfast.is_for(q.audience, q.earlier_audiences, null, $1) as is_mine
from holdfast.v_questions q where q.venture_id = $1 and q.id = $2
