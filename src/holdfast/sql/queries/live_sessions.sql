-- Sessions that are not over, oldest first, with what they claim: venture, how many.
select s.session_id, s.agent, s.state::text, s.lease_holder, s.lease_expires_at, s.created_at, d.sd_key
from holdfast.claude_sessions s
left join holdfast.directive_claims c on c.venture_id = s.venture_id and c.session_id = s.id
left join holdfast.directives d on d.venture_id = c.venture_id and d.id = c.directive_id
where s.venture_id = $1 and s.ended_at is null
order by s.created_at limit $2
