-- What time-remaining is judged by: how long work took while somebody was at it.

-- Seconds in which it did not go on: nobody held it, or it waited for a person. Counted when the wait is over.
alter table holdfast.agent_executions add column waited_seconds double precision not null default 0;
alter table holdfast.execution_steps add column waited_seconds double precision not null default 0;
-- Since when a session waits for a person; null: it does not.
alter table holdfast.claude_sessions add column waiting_since timestamptz;

-- Like work before: the newest runs and steps of the same name. What is not completed is not in them, so they cost a
-- write when something is completed and at no other time.
create index agent_executions_like on holdfast.agent_executions (venture_id, name, ended_at desc) where status = 'completed';
create index execution_steps_like on holdfast.execution_steps (venture_id, name, ended_at desc) where status = 'completed';
