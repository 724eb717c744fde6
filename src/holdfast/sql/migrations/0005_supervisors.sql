-- A durable coordinator: its state, its finished steps, and how often it was restored from what.

create type holdfast.supervisor_state as enum (
    'starting',             -- created →
    'working',              -- starting, waiting_for_tasks, waiting_for_answers, paused →
    'waiting_for_tasks',    -- starting, working, waiting_for_answers, paused →
    'waiting_for_answers',  -- starting, working, waiting_for_tasks, paused →
    'paused',               -- starting, working, waiting_for_tasks, waiting_for_answers →
    'completed',            -- working, waiting_for_tasks, waiting_for_answers, paused →
    'failed'                -- any of the first five →
);

create type holdfast.restoration_source as enum
    ('daemon_restart', 'task_reassigned', 'lease_expired', 'manual', 'checkpoint');

-- Hot: nothing is indexed that changes with a save or a beat, and large values are moved out of the row early.
create table holdfast.supervisor_states (
    venture_id         uuid not null,
    id                 uuid not null,
    name               holdfast.label not null,
    handler            text,           -- the function a worker runs; null: run by its creator
    key                text,           -- the creator's own name for it; a second creation finds the first
    state              holdfast.supervisor_state not null,
    current_activity   holdfast.activity,
    phase              text,
    progress           holdfast.percent,
    error_message      holdfast.long_text,
    input              holdfast.large_json not null default '{}',
    result             holdfast.large_json,
    metadata           holdfast.metadata not null default '{}',
    directive_id       uuid,
    session_id         uuid,
    priority           integer not null default 100,  -- lower first
    created_at         timestamptz not null,
    started_at         timestamptz,
    ended_at           timestamptz,
    restoration_count  integer not null default 0,
    last_restored_at   timestamptz,
    restoration_source holdfast.restoration_source,
    deaths_in_a_row    integer not null default 0,    -- leases that ran out since it last got on
    lease_epoch        bigint not null default 0,
    lease_token        uuid,
    lease_holder       text,           -- shown to people; never compared
    lease_expires_at   timestamptz,
    heartbeat_at       timestamptz,
    seq                bigint not null default 0,
    constraint supervisor_states_pkey primary key (venture_id, id),
    constraint supervisor_states_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint supervisor_states_directive_fkey foreign key (venture_id, directive_id) references holdfast.directives,
    constraint supervisor_states_session_fkey foreign key (venture_id, session_id) references holdfast.claude_sessions,
    constraint supervisor_states_ended_at_when_ended check ((state in ('completed', 'failed')) = (ended_at is not null)),
    constraint supervisor_states_ended_after_started check (ended_at >= started_at),
    constraint supervisor_states_failed_has_error check (state <> 'failed' or error_message is not null),
    constraint supervisor_states_lease_whole check (lease_expires_at is null or lease_token is not null)
) with (fillfactor = 60, toast_tuple_target = 512);
comment on table holdfast.supervisor_states is 'Durable coordinators. `interrupted` is derived: a live state whose lease ran out.';
create index supervisor_states_ready on holdfast.supervisor_states (venture_id, priority, created_at)
    where ended_at is null and lease_token is null and handler is not null;
create index supervisor_states_leased on holdfast.supervisor_states (venture_id, id)
    where ended_at is null and lease_token is not null;
create unique index supervisor_states_key on holdfast.supervisor_states (venture_id, key) where key is not null;
create index supervisor_states_directive on holdfast.supervisor_states (venture_id, directive_id)
    where directive_id is not null;
create index supervisor_states_session on holdfast.supervisor_states (venture_id, session_id)
    where session_id is not null;

create type holdfast.supervisor_step_status as enum (
    'running',    -- created →, failed →, running → (again: its supervisor died in the middle)
    'completed',  -- running →
    'failed'      -- running →
);

create table holdfast.supervisor_steps (
    venture_id    uuid not null,
    supervisor_id uuid not null,
    name          holdfast.label not null,
    status        holdfast.supervisor_step_status not null,
    attempt       holdfast.ordinal not null,
    result        holdfast.large_json,
    error_message holdfast.long_text,
    started_at    timestamptz not null,
    ended_at      timestamptz,
    constraint supervisor_steps_pkey primary key (venture_id, supervisor_id, name),
    constraint supervisor_steps_supervisor_fkey foreign key (venture_id, supervisor_id)
        references holdfast.supervisor_states on delete cascade,
    constraint supervisor_steps_ended_at_when_ended check ((status = 'running') = (ended_at is null)),
    constraint supervisor_steps_ended_after_started check (ended_at >= started_at)
);
comment on table holdfast.supervisor_steps is 'What a supervisor has done once and for ever; a restored one finds the results here.';

create table holdfast.supervisor_restorations (
    venture_id    uuid not null,
    supervisor_id uuid not null,
    number        holdfast.ordinal not null,
    source        holdfast.restoration_source not null,
    restored_at   timestamptz not null,
    interrupted_at timestamptz,         -- when the lease before ran out or was given back
    holder        text,
    findings      jsonb not null,       -- [{finding, subject, action, reason}]
    constraint supervisor_restorations_pkey primary key (venture_id, supervisor_id, number),
    constraint supervisor_restorations_supervisor_fkey foreign key (venture_id, supervisor_id)
        references holdfast.supervisor_states on delete cascade,
    constraint supervisor_restorations_findings_array check (jsonb_typeof(findings) = 'array')
);
comment on table holdfast.supervisor_restorations is 'What each restoration found, and what was done about it.';
