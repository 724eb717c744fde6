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

-- What each witness says that an execution used: the run itself, or its program's telemetry. All of them tell of the same
-- use, so the execution's metrics are the greatest that any says.
create table holdfast.execution_usage (
    venture_id    uuid not null,
    execution_id  uuid not null,
    witness       text not null,     -- run, logs, metrics
    input_tokens  bigint not null,
    output_tokens bigint not null,
    cost_usd      numeric(14, 6) not null,
    model_calls   bigint not null,
    tool_calls    bigint not null,
    heard         holdfast.metadata not null default '{}',  -- by session: when the newest thing it said happened, and its number
    constraint execution_usage_pkey primary key (venture_id, execution_id, witness),
    constraint execution_usage_execution_fkey foreign key (venture_id, execution_id)
        references holdfast.agent_executions on delete cascade,
    constraint execution_usage_witness check (witness in ('run', 'logs', 'metrics')),
    constraint execution_usage_ranges check (input_tokens >= 0 and output_tokens >= 0 and cost_usd >= 0
        and model_calls >= 0 and tool_calls >= 0)
);
comment on table holdfast.execution_usage is 'What each witness says that an execution used.';
