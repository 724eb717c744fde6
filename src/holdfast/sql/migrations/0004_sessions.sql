-- One run of one agent program, what it claims, and its walk through an orchestrator's children.

create type holdfast.session_state as enum (
    'starting',         -- created →
    'running',          -- starting, idle, requires_action, lost, ended (its program resumed it) →
    'idle',             -- starting, running, requires_action →
    'requires_action',  -- starting, running, idle →
    'ended',            -- any live one →
    'lost'              -- any live one (its lease ran out) →
);

-- Narrow on purpose, and nothing is indexed that changes with a heartbeat: beats stay HOT.
create table holdfast.claude_sessions (
    venture_id       uuid not null,
    id               uuid not null,
    session_id       holdfast.label not null,  -- the agent program's own name for it
    state            holdfast.session_state not null,
    agent            text,           -- claude, codex, gemini, …
    metadata         holdfast.metadata not null default '{}',
    created_at       timestamptz not null,
    ended_at         timestamptz,
    end_reason       text,
    expected_silence_until timestamptz,
    lease_epoch      bigint not null default 0,
    lease_token      uuid,
    lease_holder     text,           -- shown to people; never compared
    incarnation      text,           -- the process that the lease was given to, where it said so
    lease_expires_at timestamptz,
    heartbeat_at     timestamptz,
    seq              bigint not null default 0,
    constraint claude_sessions_pkey primary key (venture_id, id),
    constraint claude_sessions_session_id_key unique (venture_id, session_id),
    constraint claude_sessions_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint claude_sessions_ended_at_when_ended check ((state = 'ended') = (ended_at is not null)),
    constraint claude_sessions_ended_after_created check (ended_at >= created_at),
    constraint claude_sessions_lease_whole check (lease_expires_at is null or lease_token is not null)
) with (fillfactor = 70, toast_tuple_target = 512);
comment on table holdfast.claude_sessions is 'One run of one agent program, of whichever make.';
create index claude_sessions_leased on holdfast.claude_sessions (venture_id, id)
    where ended_at is null and lease_token is not null;

-- The one row that says who holds a directive. It stays when released, so that its epoch only grows.
create table holdfast.directive_claims (
    venture_id       uuid not null,
    directive_id     uuid not null,
    session_id       uuid,           -- null: nobody holds it
    claimed_at       timestamptz,
    lease_epoch      bigint not null default 0,
    lease_token      uuid,
    lease_expires_at timestamptz,
    constraint directive_claims_pkey primary key (venture_id, directive_id),
    constraint directive_claims_directive_fkey foreign key (venture_id, directive_id)
        references holdfast.directives on delete cascade,
    constraint directive_claims_session_fkey foreign key (venture_id, session_id)
        references holdfast.claude_sessions (venture_id, id),
    constraint directive_claims_whole check (
        (session_id is null) = (lease_token is null)
        and (session_id is null) = (lease_expires_at is null)
        and (session_id is null) = (claimed_at is null))
) with (fillfactor = 70);
comment on table holdfast.directive_claims is 'Who holds which directive; a session holds one at a time.';
create unique index directive_claims_session on holdfast.directive_claims (venture_id, session_id)
    where session_id is not null;

-- An older interface: its columns and its index names are kept as their users know them.
create table holdfast.auto_proceed_sessions (
    venture_id              uuid not null,
    id                      uuid not null,
    session_id              text not null,
    is_active               boolean not null default true,
    active_sd_key           text,
    chain_orchestrators     boolean not null default false,
    current_phase           text,
    parent_orchestrator_key text,
    completed_children      integer not null default 0,
    total_children          integer not null default 0,
    metadata                holdfast.metadata not null default '{}',
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    deactivated_at          timestamptz,
    constraint auto_proceed_sessions_pkey primary key (venture_id, id),
    constraint auto_proceed_sessions_session_fkey foreign key (venture_id, session_id)
        references holdfast.claude_sessions (venture_id, session_id),
    constraint auto_proceed_sessions_children_range
        check (0 <= completed_children and completed_children <= total_children),
    constraint auto_proceed_sessions_phase
        check (current_phase in ('LEAD', 'PLAN', 'EXEC', 'COMPLETE')),
    constraint auto_proceed_sessions_deactivated_at_when_inactive check (is_active = (deactivated_at is null)),
    constraint auto_proceed_sessions_deactivated_after_created check (deactivated_at >= created_at)
) with (fillfactor = 70);
comment on table holdfast.auto_proceed_sessions is 'A session walking an orchestrator''s children, one after the other.';
create index idx_auto_proceed_sessions_session_id on holdfast.auto_proceed_sessions (venture_id, session_id);
create index idx_auto_proceed_sessions_active on holdfast.auto_proceed_sessions (venture_id, is_active)
    where is_active;
create index idx_auto_proceed_sessions_sd_key on holdfast.auto_proceed_sessions (venture_id, active_sd_key)
    where active_sd_key is not null;
create index idx_auto_proceed_sessions_created on holdfast.auto_proceed_sessions (venture_id, created_at desc);
create unique index idx_auto_proceed_sessions_unique_active on holdfast.auto_proceed_sessions (venture_id, session_id)
    where is_active;
