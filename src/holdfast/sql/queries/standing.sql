-- Where a session stands, to compare a project's files with: venture, the session's own name.
select s.state::text, s.lease_epoch, s.metadata,
    coalesce(s.ended_at is null and s.lease_expires_at > holdfast.now(), false) as is_live,
    d.sd_key, d.phase::text, d.metadata ->> 'branch' as directive_branch, c.lease_epoch as claim_epoch,
    extract(epoch from c.lease_expires_at - holdfast.now())::float8 as claim_seconds
from holdfast.claude_sessions s
left join holdfast.directive_claims c
    on c.venture_id = s.venture_id and c.session_id = s.id and c.lease_expires_at > holdfast.now()
left join holdfast.directives d on d.venture_id = c.venture_id and d.id = c.directive_id
where s.venture_id = $1 and s.session_id = $2
