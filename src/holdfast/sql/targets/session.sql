-- For statements outside of a transaction that changes something: as `changing`, for the connection.
select set_config('statement_timeout', ceil($1::double precision * 1000)::text, false),
    set_config('lock_timeout', ceil($2::double precision * 1000)::text, false)
