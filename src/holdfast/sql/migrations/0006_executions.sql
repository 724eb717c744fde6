-- One tracked piece of agent work, its steps, its log and its metrics.

create type holdfast.execution_status as enum (
    'pending',    -- created →
    'running',    -- pending →
    'completed',  -- running →
    'failed',     -- running →
    'cancelled'   -- pending, running →
);

-- Hot: nothing is indexed that changes with progress or a beat, and large values are moved out of the row early.
create table holdfast.agent_executions (
    venture_id       uuid not null,
    id               uuid not null,
    name             holdfast.title not null,
    kind             text,           -- the agent kind a worker runs it with; null: run by its creator
    agent            text,
    role             text,
    supervisor_id    uuid,
    directive_id     uuid,
    session_id       uuid,
    key              text,           -- its supervisor's own name for it; a second spawn finds the first
    status           holdfast.execution_status not null,
    current_activity holdfast.activity,
    total_steps      holdfast.amount,
    completed_steps  holdfast.amount not null default 0,  -- counted by the engine from execution_steps
    progress         holdfast.percent,
    input            holdfast.large_json not null default '{}',
    result           holdfast.large_json,
    error_message    holdfast.long_text,
    metadata         holdfast.metadata not null default '{}',
    priority         integer not null default 100,  -- lower first
    run_at           timestamptz not null,          -- not before
    attempt          holdfast.amount not null default 0,
    max_attempts     holdfast.ordinal not null default 3,
    created_at       timestamptz not null,
    started_at       timestamptz,
    ended_at         timestamptz,
    log_count        bigint not null default 0,
    lease_epoch      bigint not null default 0,
    lease_token      uuid,
    lease_holder     text,           -- shown to people; never compared
    lease_expires_at timestamptz,
    heartbeat_at     timestamptz,
    seq              bigint not null default 0,
    constraint agent_executions_pkey primary key (venture_id, id),
    constraint agent_executions_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint agent_executions_supervisor_fkey foreign key (venture_id, supervisor_id) references holdfast.supervisor_states,
    constraint agent_executions_directive_fkey foreign key (venture_id, directive_id) references holdfast.directives,
    constraint agent_executions_session_fkey foreign key (venture_id, session_id) references holdfast.claude_sessions,
    constraint agent_executions_steps_range check (completed_steps <= total_steps),
    constraint agent_executions_attempt_range check (attempt <= max_attempts),
    constraint agent_executions_started_at_when_started check ((status = 'pending') <= (started_at is null)
        and (status in ('running', 'completed', 'failed')) <= (started_at is not null)),
    constraint agent_executions_ended_at_when_ended
        check ((status in ('completed', 'failed', 'cancelled')) = (ended_at is not null)),
    constraint agent_executions_ended_after_started check (ended_at >= started_at),
    constraint agent_executions_failed_has_error check (status <> 'failed' or error_message is not null),
    constraint agent_executions_lease_whole check (lease_expires_at is null or lease_token is not null)
) with (fillfactor = 60, toast_tuple_target = 512);
comment on table holdfast.agent_executions is 'One tracked piece of agent work.';
-- The queue: what a worker may take. Finished rows are not in it, so history does not slow a claim.
create index agent_executions_ready on holdfast.agent_executions (venture_id, priority, run_at, id)
    where ended_at is null and lease_token is null and kind is not null;
create index agent_executions_leased on holdfast.agent_executions (venture_id, id)
    where ended_at is null and lease_token is not null;
create unique index agent_executions_key on holdfast.agent_executions (venture_id, supervisor_id, key)
    where key is not null;
create index agent_executions_supervisor on holdfast.agent_executions (venture_id, supervisor_id, created_at)
    where supervisor_id is not null;
create index agent_executions_directive on holdfast.agent_executions (venture_id, directive_id)
    where directive_id is not null;
create index agent_executions_session on holdfast.agent_executions (venture_id, session_id)
    where session_id is not null;
create index agent_executions_created on holdfast.agent_executions (venture_id, created_at desc);

create type holdfast.execution_step_status as enum (
    'running',    -- created →
    'completed',  -- created, running, failed →
    'failed',     -- created, running →
    'skipped'     -- created, running →
);

create table holdfast.execution_steps (
    venture_id   uuid not null,
    execution_id uuid not null,
    position     holdfast.ordinal not null,
    name         holdfast.title not null,
    status       holdfast.execution_step_status not null,
    started_at   timestamptz not null,
    ended_at     timestamptz,
    constraint execution_steps_pkey primary key (venture_id, execution_id, position),
    constraint execution_steps_execution_fkey foreign key (venture_id, execution_id)
        references holdfast.agent_executions on delete cascade,
    constraint execution_steps_ended_at_when_ended check ((status = 'running') = (ended_at is null)),
    constraint execution_steps_ended_after_started check (ended_at >= started_at)
);
comment on table holdfast.execution_steps is 'What an execution consists of; its progress is derived from these.';

create type holdfast.log_level as enum ('debug', 'info', 'warning', 'error');

create table holdfast.agent_execution_logs (
    venture_id   uuid not null,
    execution_id uuid not null,
    line         bigint not null,  -- 1, 2, 3 … within the execution, without a gap
    time         timestamptz not null,
    level        holdfast.log_level not null,
    message      text not null,
    data         holdfast.small_json,
    constraint agent_execution_logs_pkey primary key (venture_id, execution_id, line, time),
    constraint agent_execution_logs_message_size check (length(message) <= 16384)
) partition by range (time);
comment on table holdfast.agent_execution_logs is 'What agents said, line by line; append only.';
create table holdfast.agent_execution_logs_default partition of holdfast.agent_execution_logs default;

create table holdfast.execution_metrics (
    venture_id    uuid not null,
    execution_id  uuid not null,
    input_tokens  bigint not null default 0,
    output_tokens bigint not null default 0,
    cost_usd      numeric(14, 6) not null default 0,
    model_calls   bigint not null default 0,
    tool_calls    bigint not null default 0,
    duration_ms   bigint,
    metadata      holdfast.metadata not null default '{}',
    updated_at    timestamptz not null,
    constraint execution_metrics_pkey primary key (venture_id, execution_id),
    constraint execution_metrics_execution_fkey foreign key (venture_id, execution_id)
        references holdfast.agent_executions on delete cascade,
    constraint execution_metrics_ranges check (input_tokens >= 0 and output_tokens >= 0 and cost_usd >= 0
        and model_calls >= 0 and tool_calls >= 0 and duration_ms >= 0)
);
comment on table holdfast.execution_metrics is 'What an execution cost; one row each.';
