-- Whether some token holds: one row, or none.
select from holdfast.api_tokens where revoked_at is null and coalesce(expires_at > holdfast.now(), true) limit 1
