-- Sessions, the newest first, with what they hold: venture, whether those that are over too, how many.
select s.session_id, s.agent, s.state::text, s.metadata, s.created_at, s.ended_at, s.end_reason, s.heartbeat_at,
    s.expected_silence_until, s.lease_epoch, s.lease_holder, s.lease_expires_at,
    coalesce(s.ended_at is null and s.lease_expires_at > holdfast.now(), false) as is_live,
    d.sd_key, d.phase::text, c.claimed_at, c.lease_expires_at as claim_expires_at
from holdfast.claude_sessions s
left join holdfast.directive_claims c on c.venture_id = s.venture_id and c.session_id = s.id
left join holdfast.directives d on d.venture_id = c.venture_id and d.id = c.directive_id
where s.venture_id = $1 and ($2 or s.ended_at is null)
order by s.created_at desc, s.id desc limit $3
