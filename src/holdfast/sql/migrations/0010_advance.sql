-- A session's walk through an orchestrator's children, and the evidence that a directive is done.

create type holdfast.advance_outcome as enum (
    'completed',   -- the child is done; its verification passed
    'failed',      -- an attempt at it failed: it is tried again twice, then it is blocked
    'blocked',     -- it cannot go on
    'unfinished'   -- the agent stopped though it is not done
);

create type holdfast.advance_decision as enum ('continue', 'chain', 'pause');

create type holdfast.pause_reason as enum (
    'orchestrator_done',
    'human_decision',
    'failed',
    'all_blocked',
    'security',
    'auto_proceed_off',
    'limits_reached'
);

-- What became of what a walk handed out.
create type holdfast.walk_outcome as enum ('completed', 'blocked', 'cancelled', 'left');

-- What an advance is about to do; worked out before the locks and once more under them.
create type holdfast.walk_step as (
    current_id uuid,                       -- what the session has now
    outcome    holdfast.advance_outcome,   -- what is said of it; null: nothing is finished by this call
    becomes    holdfast.directive_status,
    stays      boolean,                    -- the session goes on with what it has
    root_id    uuid,
    next_id    uuid
);

alter table holdfast.directives add column failures holdfast.amount not null default 0;  -- since it was last made active
create index directives_active on holdfast.directives (venture_id, priority, created_at, id) where status = 'active';

create table holdfast.directive_evidence (
    venture_id    uuid not null,
    directive_id  uuid not null,
    number        holdfast.ordinal not null,
    command       text not null,
    exit_code     integer not null,    -- negative: the signal that ended it
    timed_out     boolean not null,
    output_digest bytea not null,      -- SHA-256 of all it printed
    output_tail   text not null,
    started_at    timestamptz not null,
    ended_at      timestamptz not null,
    recorded_at   timestamptz not null,
    constraint directive_evidence_pkey primary key (venture_id, directive_id, number),
    constraint directive_evidence_directive_fkey foreign key (venture_id, directive_id)
        references holdfast.directives on delete cascade,
    constraint directive_evidence_digest_length check (octet_length(output_digest) = 32),
    constraint directive_evidence_tail_size check (length(output_tail) <= 16384),
    constraint directive_evidence_ended_after_started check (ended_at >= started_at)
);
comment on table holdfast.directive_evidence is 'What a directive''s verification ran and what came of it; append only.';

-- What a walk knows beyond the older interface's row, whose id it has.
create table holdfast.auto_proceed_walks (
    venture_id      uuid not null,
    id              uuid not null,
    orchestrator_id uuid not null,
    directive_id    uuid,              -- what the session was told to work on
    max_chain_depth integer not null default 3,
    max_iterations  integer not null default 100,
    max_unfinished  integer not null default 5,
    chain_depth     holdfast.amount not null default 0,
    iterations      holdfast.amount not null default 0,
    unfinished      holdfast.amount not null default 0,   -- stops in a row on one directive
    finished_id     uuid,              -- what the newest advance was about: the same call again counts once
    finished_epoch  bigint,
    decision        holdfast.advance_decision,
    why             text,
    pause_reason    holdfast.pause_reason,
    constraint auto_proceed_walks_pkey primary key (venture_id, id),
    constraint auto_proceed_walks_session_fkey foreign key (venture_id, id)
        references holdfast.auto_proceed_sessions on delete cascade,
    constraint auto_proceed_walks_orchestrator_fkey foreign key (venture_id, orchestrator_id) references holdfast.directives,
    constraint auto_proceed_walks_directive_fkey foreign key (venture_id, directive_id) references holdfast.directives,
    constraint auto_proceed_walks_chain_depth_range check (max_chain_depth between 0 and 100),
    constraint auto_proceed_walks_iterations_range check (max_iterations between 1 and 1000),
    constraint auto_proceed_walks_unfinished_range check (max_unfinished between 0 and 100),
    constraint auto_proceed_walks_pause_has_reason check ((decision = 'pause') = (pause_reason is not null))
);
comment on table holdfast.auto_proceed_walks is 'How far a session''s walk has come, and its limits.';
create index auto_proceed_walks_orchestrator on holdfast.auto_proceed_walks (venture_id, orchestrator_id);
create index auto_proceed_walks_directive on holdfast.auto_proceed_walks (venture_id, directive_id)
    where directive_id is not null;

create table holdfast.auto_proceed_items (
    venture_id   uuid not null,
    walk_id      uuid not null,
    number       holdfast.ordinal not null,
    directive_id uuid not null,
    outcome      holdfast.walk_outcome,   -- null: under way
    reason       text,
    failures     holdfast.amount not null default 0,
    started_at   timestamptz not null,
    ended_at     timestamptz,
    constraint auto_proceed_items_pkey primary key (venture_id, walk_id, number),
    constraint auto_proceed_items_walk_fkey foreign key (venture_id, walk_id)
        references holdfast.auto_proceed_walks on delete cascade,
    constraint auto_proceed_items_directive_fkey foreign key (venture_id, directive_id) references holdfast.directives,
    constraint auto_proceed_items_ended_at_when_ended check ((outcome is null) = (ended_at is null)),
    constraint auto_proceed_items_ended_after_started check (ended_at >= started_at)
);
comment on table holdfast.auto_proceed_items is 'What a walk has handed out, one after the other, and what became of each.';
create index auto_proceed_items_directive on holdfast.auto_proceed_items (venture_id, directive_id);
