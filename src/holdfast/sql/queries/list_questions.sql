-- A page of questions, newest first: venture, the id before which it begins, how many, status, supervisor, session, plan, whether
-- only those that are for the caller, whether the oldest come first: then it begins behind the id.
with fitting as not materialized (
    select q.id, q.audience, q.earlier_audiences from holdfast.questions q
    where q.venture_id = $1
        and ($4::text is null or q.status::text = $4)
        and ($4 is distinct from 'open' or q.status = 'open')  -- which has an index
        and ($5::uuid is null or q.supervisor_id = $5)
        and ($6::uuid is null or q.session_id = $6)
        and ($7::uuid is null or q.plan_id = $7)
        and (not $8::boolean or holdfast.is_for(q.audience, q.earlier_audiences, null, $1))
), page as materialized (  -- first: joined before, every row would be looked up
    (select f.id from fitting f where not $9::boolean and ($2::uuid is null or f.id < $2) order by f.id desc limit $3)
    union all
    (select f.id from fitting f where $9 and ($2 is null or f.id > $2) order by f.id limit $3)
)
select q.*, 1 + num_nonnulls(q.answered_at, q.delivered_at, q.acknowledged_at, q.closed_at, q.voided_at) + q.escalated as seq,
    encode(q.action_digest, 'hex') as action_sha256, holdfast.is_for(q.audience, q.earlier_audiences, null, $1) as is_mine
from page p
cross join lateral (select * from holdfast.v_questions v where v.venture_id = $1 and v.id = p.id offset 0) q
order by case when $9 then q.id end, q.id desc
