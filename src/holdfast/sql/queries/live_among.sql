-- Which of these sessions live under the lease with that epoch: venture, their names, the epochs.
select s.session_id
from unnest($2::text[], $3::bigint[]) as g (session_id, epoch)
join holdfast.claude_sessions s on s.venture_id = $1 and s.session_id = g.session_id and s.lease_epoch = g.epoch
where s.ended_at is null and s.lease_expires_at > holdfast.now()
order by s.session_id
