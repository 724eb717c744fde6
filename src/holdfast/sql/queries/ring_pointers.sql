-- Rings the channel of executions with pointers: one text each. It may be lost, so it does not wait for the disk.
select set_config('synchronous_commit', 'off', true), pg_notify('agent_execution_updates', p) from unnest($1::text[]) as p
