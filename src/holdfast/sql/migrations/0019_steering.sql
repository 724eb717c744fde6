-- Plans that are steered while they run, and scheduled at a cost that does not grow with them.

alter table holdfast.plans
    add column total_steps integer not null default 0,  -- items of a foreach not counted
    add column done_steps integer not null default 0,   -- completed, skipped, or failed where that may be
    add column paused_at timestamptz,
    add column paused_by text,
    add column pause_reason holdfast.activity,
    add column stop_reason holdfast.long_text,          -- nothing new starts, and when what runs has ended the plan has failed
    add column steered integer not null default 0,      -- how often a person has moved it: a runner that was refused looks again
    add column rolling_back_to text,
    add column rollback_by text,
    add column rollback_reason holdfast.activity,
    add column rollback_after timestamptz,              -- until then what was cancelled may still be at work
    add column rollback_question_id uuid,               -- asked when an undo has failed
    add constraint plans_steps_range check (done_steps between 0 and total_steps),
    add constraint plans_paused_whole check (paused_at is not null or num_nonnulls(paused_by, pause_reason) = 0),
    add constraint plans_rollback_whole check ((rolling_back_to is null) = (rollback_reason is null)),
    add constraint plans_rollback_question_fkey foreign key (venture_id, rollback_question_id) references holdfast.questions;
create index plans_rollback_question on holdfast.plans (venture_id, rollback_question_id) where rollback_question_id is not null;
create index plans_name on holdfast.plans (venture_id, name, created_at desc);

create type holdfast.undo_status as enum (
    'due',       -- the plan is rolled back → ; failed (again) →
    'running',   -- due →
    'done',      -- running →
    'failed',    -- running →
    'left'       -- failed (a person says so) →
);

alter table holdfast.plan_steps
    add column is_current boolean not null default true,  -- the newest round
    add column agent text not null default 'command',
    add column is_exclusive boolean not null default false,  -- nothing else runs beside it
    add column slot text not null default '',     -- what is limited together: agent, role, foreach
    add column needs_left integer not null default 0,     -- while it is pending: the needs that are not released
    add column released_at timestamptz,           -- since when what needs it may go on
    add column report_id uuid,                    -- the question that comes after it
    add column skip_reason text,
    add column is_blocked boolean not null default false,  -- skipped because what it needs has failed
    add column is_red boolean not null default false,      -- its verification has failed in this attempt
    add column question_of text,                  -- what its question is: the gate, or the work that a person does
    add column action_digest bytea,               -- SHA-256 of what its gate asks for or has approved
    add column is_approved boolean not null default false,
    add column of_step text,                      -- an item's foreach
    add column item_index integer,
    add column items_left integer,                -- a foreach's items that have not ended
    add column items_failed integer,
    add column undo_status holdfast.undo_status,
    add column undo_id uuid,                      -- the execution that takes back what it did
    add column undo_number integer not null default 0,
    add constraint plan_steps_needs_left_range check (needs_left >= 0),
    add constraint plan_steps_items_range check (items_left >= 0 and items_failed >= 0),
    add constraint plan_steps_question_of_form check (question_of in ('gate', 'work')),
    add constraint plan_steps_digest_length check (octet_length(action_digest) = 32),
    add constraint plan_steps_item_whole check ((of_step is null) = (item_index is null)),
    add constraint plan_steps_skipped_has_reason check (status <> 'skipped' or skip_reason is not null) not valid,
    add constraint plan_steps_report_fkey foreign key (venture_id, report_id) references holdfast.questions,
    add constraint plan_steps_undo_fkey foreign key (venture_id, undo_id) references holdfast.agent_executions,
    drop constraint plan_steps_step_key_form,
    add constraint plan_steps_step_key_form check (step_key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}(\.[1-9][0-9]{0,4})?$');

update holdfast.plan_steps s set
    is_current = not exists (select from holdfast.plan_steps o where o.venture_id = s.venture_id and o.plan_id = s.plan_id
        and o.step_key = s.step_key and o.round > s.round),
    agent = coalesce(s.spec ->> 'agent', 'command'), slot = coalesce(s.spec ->> 'agent', 'command') || '/' || coalesce(s.role, '') || '/',
    question_of = case when s.question_id is not null then 'gate' end,
    released_at = case when s.status in ('completed', 'skipped') then s.ended_at end;
update holdfast.plan_steps s set needs_left = (
    select count(*) from unnest(s.needs) as n (needed) join holdfast.plan_steps o
        on o.venture_id = s.venture_id and o.plan_id = s.plan_id and o.step_key = n.needed and o.is_current and o.released_at is null)
where s.status = 'pending';
update holdfast.plans p set (total_steps, done_steps) = (
    select count(*), count(*) filter (where s.status in ('completed', 'skipped')) from holdfast.plan_steps s
    where s.venture_id = p.venture_id and s.plan_id = p.id and s.is_current);

-- What a turn of the runner looks for, each in an index of its own, so that it never reads the steps that are over or far.
drop index holdfast.plan_steps_open;
create unique index plan_steps_current on holdfast.plan_steps (venture_id, plan_id, step_key) where is_current;
create index plan_steps_due on holdfast.plan_steps (venture_id, plan_id, position) where status = 'pending' and needs_left = 0;
create index plan_steps_ready on holdfast.plan_steps (venture_id, plan_id, slot, position, item_index) where status = 'ready';
create index plan_steps_alone on holdfast.plan_steps (venture_id, plan_id, position) where status = 'ready' and is_exclusive;
create index plan_steps_under_way on holdfast.plan_steps (venture_id, plan_id) where status in ('running', 'waiting', 'verifying');
create index plan_steps_failed on holdfast.plan_steps (venture_id, plan_id) where status = 'failed' and is_current;
create index plan_steps_reported on holdfast.plan_steps (venture_id, plan_id) where report_id is not null and released_at is null;
create index plan_steps_undone on holdfast.plan_steps (venture_id, plan_id) where undo_status in ('due', 'running', 'failed');
create index plan_steps_items on holdfast.plan_steps (venture_id, plan_id, of_step, item_index) where of_step is not null;
create index plan_steps_report on holdfast.plan_steps (venture_id, report_id) where report_id is not null;
create index plan_steps_undo on holdfast.plan_steps (venture_id, undo_id) where undo_id is not null;

-- Who needs a step, to be found from it: the other way is in the step's row.
create table holdfast.plan_step_needs (
    venture_id uuid not null,
    plan_id    uuid not null,
    needed_key text not null,
    step_key   text not null,
    constraint plan_step_needs_pkey primary key (venture_id, plan_id, needed_key, step_key),
    constraint plan_step_needs_plan_fkey foreign key (venture_id, plan_id) references holdfast.plans on delete cascade
);
comment on table holdfast.plan_step_needs is 'Which steps stand on which, for every round.';
insert into holdfast.plan_step_needs (venture_id, plan_id, needed_key, step_key)
select distinct s.venture_id, s.plan_id, n.needed, s.step_key
from holdfast.plan_steps s cross join lateral unnest(s.needs) as n (needed);

-- What must hold before a plan starts.
create table holdfast.plan_conditions (
    venture_id   uuid not null,
    plan_id      uuid not null,
    condition_id text not null,
    position     holdfast.ordinal not null,
    title        text not null,
    kind         text not null,
    spec         holdfast.small_json not null,
    holds        boolean not null default false,
    checked_at   timestamptz,
    told         holdfast.activity,     -- what the newest check found
    ticked_by    text,
    checks       integer not null default 0,
    execution_id uuid,                  -- of its newest check; while that runs it is not settled
    is_checking  boolean not null default false,
    constraint plan_conditions_pkey primary key (venture_id, plan_id, condition_id),
    constraint plan_conditions_plan_fkey foreign key (venture_id, plan_id) references holdfast.plans on delete cascade,
    constraint plan_conditions_execution_fkey foreign key (venture_id, execution_id) references holdfast.agent_executions,
    constraint plan_conditions_id_form check (condition_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    constraint plan_conditions_kind check (kind in ('command', 'step', 'tick')),
    constraint plan_conditions_held_is_checked check (not holds or checked_at is not null)
);
comment on table holdfast.plan_conditions is 'What must hold before a plan starts, and whether it does.';
create index plan_conditions_execution on holdfast.plan_conditions (venture_id, execution_id) where execution_id is not null;

-- What commands of a plan besides its verifications ran and what came of them.
create table holdfast.plan_evidence (
    venture_id    uuid not null,
    plan_id       uuid not null,
    what          text not null,        -- undo, condition
    subject       text not null,        -- the step or the condition
    number        holdfast.ordinal not null,
    command       jsonb not null,
    exit_code     integer not null,
    output_digest bytea not null,
    output_tail   text not null,
    started_at    timestamptz not null,
    duration_ms   bigint not null,
    execution_id  uuid not null,
    constraint plan_evidence_pkey primary key (venture_id, plan_id, what, subject, number),
    constraint plan_evidence_plan_fkey foreign key (venture_id, plan_id) references holdfast.plans on delete cascade,
    constraint plan_evidence_execution_fkey foreign key (venture_id, execution_id) references holdfast.agent_executions,
    constraint plan_evidence_what check (what in ('undo', 'condition')),
    constraint plan_evidence_digest_length check (octet_length(output_digest) = 32),
    constraint plan_evidence_duration_range check (duration_ms >= 0),
    constraint plan_evidence_tail_size check (length(output_tail) <= 16384)
);
comment on table holdfast.plan_evidence is 'What undo commands and checks ran and what came of them; append only.';
create index plan_evidence_execution on holdfast.plan_evidence (venture_id, execution_id);
