-- A page of sessions, newest first: venture, the id before which it begins, how many, state, agent, a part of its name,
-- whether only those that are not over.
with page as materialized (  -- first: joined before, every row would be looked up
    select s.id from holdfast.claude_sessions s
    where s.venture_id = $1 and ($2::uuid is null or s.id < $2)
        and ($4::text is null or s.state::text = $4)
        and ($5::text is null or s.agent = $5)
        and (coalesce($4 = 'ended', true) or s.ended_at is null)  -- which has an index
        and ($6::text is null or position(lower($6) in lower(s.session_id)) > 0)
        and (not $7::boolean or s.ended_at is null)
    order by s.id desc limit $3
)
select v.* from page p
cross join lateral (select * from holdfast.v_sessions v where v.venture_id = $1 and v.id = p.id offset 0) v
order by v.id desc
