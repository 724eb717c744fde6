-- For the transaction that looks: how long a statement and a lock may take (0: as long as it likes), and a refusal where
-- row-level security would hide rows, which would then not be counted.
select set_config('statement_timeout', ceil($1::double precision * 1000)::text, true),
    set_config('lock_timeout', ceil($2::double precision * 1000)::text, true),
    set_config('row_security', 'off', true)
