-- Members see which tokens there are; the digests are for nobody to see.
revoke select on holdfast.api_tokens from authenticated;
grant select (venture_id, id, name, role, created_by, created_at, expires_at, revoked_at) on holdfast.api_tokens to authenticated;
