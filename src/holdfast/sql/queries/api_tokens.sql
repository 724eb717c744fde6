-- The API tokens of a venture, newest first: venture, whether those that hold no longer too.
select id, name, role::text, created_by, created_at, expires_at, revoked_at,
    revoked_at is null and coalesce(expires_at > holdfast.now(), true) as holds
from holdfast.api_tokens
where venture_id = $1 and ($2 or revoked_at is null and coalesce(expires_at > holdfast.now(), true))
order by created_at desc, id desc limit 1000
