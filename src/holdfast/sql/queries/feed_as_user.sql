-- Lets the rest of this transaction read as a user: the role, the claims.
select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)
