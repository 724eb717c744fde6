-- A page of questions, newest first: venture, the id before which it begins, how many, status, supervisor, session, plan.
with page as materialized (  -- first: joined before, every row would be looked up
    select q.id from holdfast.questions q
    where q.venture_id = $1 and ($2::uuid is null or q.id < $2)
        and ($4::text is null or q.status::text = $4)
        and ($4 is distinct from 'open' or q.status = 'open')  -- which has an index
        and ($5::uuid is null or q.supervisor_id = $5)
        and ($6::uuid is null or q.session_id = $6)
        and ($7::uuid is null or q.plan_id = $7)
    order by q.id desc limit $3
)
select q.*, 1 + num_nonnulls(q.answered_at, q.delivered_at, q.acknowledged_at, q.closed_at) as seq
from page p
cross join lateral (select * from holdfast.v_questions v where v.venture_id = $1 and v.id = p.id offset 0) q
order by q.id desc
