-- How long this transaction may stand idle before the server ends it: retention must not wait for a reader that sleeps.
select set_config('idle_in_transaction_session_timeout', $1, true)
