-- Steps with roles, dependencies, gates and verification. A plan's runner is a supervisor.

create type holdfast.plan_status as enum (
    'pending',    -- created →
    'ready',      -- pending, failed (retry) →
    'running',    -- ready, waiting →
    'waiting',    -- running (gate) →
    'verifying',  -- running →
    'completed',  -- running, verifying →
    'failed',     -- running, waiting, verifying →
    'skipped'     -- pending, ready →
);

create table holdfast.plans (
    venture_id    uuid not null,
    id            uuid not null,
    name          holdfast.label not null,
    supervisor_id uuid not null,
    directive_id  uuid not null,
    status        holdfast.plan_status not null,
    spec          holdfast.large_json not null,   -- what holds for the whole plan: folder, environment, file
    created_at    timestamptz not null,
    started_at    timestamptz,
    ended_at      timestamptz,
    error_message text,
    seq           bigint not null default 0,
    constraint plans_pkey primary key (venture_id, id),
    constraint plans_supervisor_key unique (venture_id, supervisor_id),
    constraint plans_supervisor_fkey foreign key (venture_id, supervisor_id) references holdfast.supervisor_states,
    constraint plans_directive_fkey foreign key (venture_id, directive_id) references holdfast.directives,
    constraint plans_ended_at_when_ended check ((status in ('completed', 'failed', 'skipped')) = (ended_at is not null)),
    constraint plans_ended_after_started check (ended_at >= started_at)
);
comment on table holdfast.plans is 'Work in steps; what its runner knows is in its rows.';
create index plans_directive on holdfast.plans (venture_id, directive_id);
create index plans_created on holdfast.plans (venture_id, created_at desc);

-- A step that is sent back is not rewritten: the next round is a new row, and the old one keeps its evidence.
create table holdfast.plan_steps (
    venture_id      uuid not null,
    plan_id         uuid not null,
    step_key        text not null,
    round           holdfast.ordinal not null,
    position        holdfast.ordinal not null,
    title           text not null,
    active_form     text,
    role            text,
    needs           text[] not null,
    spec            holdfast.large_json not null,   -- agent, prompt, command, gate, verify, retries, on_failure
    has_verification boolean not null,
    status          holdfast.plan_status not null,
    attempt         holdfast.amount not null default 0,
    execution_id    uuid,             -- of its newest attempt
    verification_id uuid,             -- the execution of its newest verification
    question_id     uuid,             -- its gate
    result          holdfast.large_json,
    error_message   text,
    findings        holdfast.large_json,            -- why an earlier round was sent back
    started_at      timestamptz,
    ended_at        timestamptz,
    constraint plan_steps_pkey primary key (venture_id, plan_id, step_key, round),
    constraint plan_steps_plan_fkey foreign key (venture_id, plan_id) references holdfast.plans on delete cascade,
    constraint plan_steps_execution_fkey foreign key (venture_id, execution_id) references holdfast.agent_executions,
    constraint plan_steps_verification_fkey foreign key (venture_id, verification_id) references holdfast.agent_executions,
    constraint plan_steps_step_key_form check (step_key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    constraint plan_steps_ended_at_when_ended check ((status in ('completed', 'failed', 'skipped')) = (ended_at is not null)),
    constraint plan_steps_ended_after_started check (ended_at >= started_at),
    constraint plan_steps_failed_has_error check (status <> 'failed' or error_message is not null)
);
comment on table holdfast.plan_steps is 'The steps of a plan, a row for each round.';
create index plan_steps_open on holdfast.plan_steps (venture_id, plan_id, position) where ended_at is null;
create index plan_steps_execution on holdfast.plan_steps (venture_id, execution_id) where execution_id is not null;
create index plan_steps_verification on holdfast.plan_steps (venture_id, verification_id)
    where verification_id is not null;

create table holdfast.plan_step_evidence (
    venture_id    uuid not null,
    plan_id       uuid not null,
    step_key      text not null,
    round         holdfast.ordinal not null,
    attempt       holdfast.ordinal not null,
    command       jsonb not null,     -- the argument vector
    exit_code     integer not null,
    output_digest bytea not null,     -- SHA-256 of all it printed
    output_tail   text not null,
    started_at    timestamptz not null,
    duration_ms   bigint not null,
    execution_id  uuid not null,
    constraint plan_step_evidence_pkey primary key (venture_id, plan_id, step_key, round, attempt),
    constraint plan_step_evidence_step_fkey foreign key (venture_id, plan_id, step_key, round)
        references holdfast.plan_steps on delete cascade,
    constraint plan_step_evidence_execution_fkey foreign key (venture_id, execution_id) references holdfast.agent_executions,
    constraint plan_step_evidence_digest_length check (octet_length(output_digest) = 32),
    constraint plan_step_evidence_duration_range check (duration_ms >= 0),
    constraint plan_step_evidence_tail_size check (length(output_tail) <= 16384)
);
comment on table holdfast.plan_step_evidence is 'What a verification ran and what came of it; append only.';
create index plan_step_evidence_execution on holdfast.plan_step_evidence (venture_id, execution_id);
