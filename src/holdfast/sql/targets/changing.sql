-- For the transaction that changes something: how long a statement may take (0: as long as it likes) and wait for a lock.
select set_config('statement_timeout', ceil($1::double precision * 1000)::text, true),
    set_config('lock_timeout', ceil($2::double precision * 1000)::text, true)
