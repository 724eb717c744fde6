-- What a person is asked. A gate is a question whose answer lets a plan go on.

create type holdfast.question_status as enum (
    'open',          -- created →
    'answered',      -- open →
    'delivered',     -- answered →
    'acknowledged',  -- delivered →
    'expired',       -- open →
    'withdrawn'      -- open →
);

create table holdfast.questions (
    venture_id      uuid not null,
    id              uuid not null,
    supervisor_id   uuid,             -- who asks: a supervisor or a session
    session_id      uuid,
    plan_id         uuid,             -- a gate's plan and step
    step_key        text,
    key             text,             -- the asker's own name for it; asking again finds it
    message         text not null,
    options         jsonb,            -- the answers allowed; null: any JSON
    context         holdfast.large_json not null default '{}',
    default_answer  holdfast.small_json,            -- given when it expires
    status          holdfast.question_status not null,
    answer          holdfast.small_json,
    answered_by     text,
    created_at      timestamptz not null,
    expires_at      timestamptz,
    answered_at     timestamptz,
    delivered_at    timestamptz,
    acknowledged_at timestamptz,
    closed_at       timestamptz,      -- expired or withdrawn
    constraint questions_pkey primary key (venture_id, id),
    constraint questions_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint questions_supervisor_fkey foreign key (venture_id, supervisor_id) references holdfast.supervisor_states,
    constraint questions_session_fkey foreign key (venture_id, session_id) references holdfast.claude_sessions,
    constraint questions_plan_fkey foreign key (venture_id, plan_id) references holdfast.plans,
    constraint questions_one_asker check (num_nonnulls(supervisor_id, session_id) = 1),
    constraint questions_message_length check (length(message) between 1 and 20000),
    constraint questions_options_form check (options is null
        or (jsonb_typeof(options) = 'array' and jsonb_array_length(options) between 1 and 100)),
    constraint questions_answered_at_when_answered
        check ((status in ('answered', 'delivered', 'acknowledged')) = (answered_at is not null)),
    constraint questions_delivered_at_when_delivered
        check ((status in ('delivered', 'acknowledged')) = (delivered_at is not null)),
    constraint questions_acknowledged_at_when_acknowledged
        check ((status = 'acknowledged') = (acknowledged_at is not null)),
    constraint questions_closed_at_when_closed check ((status in ('expired', 'withdrawn')) = (closed_at is not null)),
    constraint questions_expires_after_created check (expires_at > created_at)
);
comment on table holdfast.questions is 'Never lost, never answered twice.';
create unique index questions_key on holdfast.questions
    (venture_id, coalesce(supervisor_id, session_id), key) where key is not null;
create index questions_open on holdfast.questions (venture_id, created_at) where status = 'open';
create index questions_expiring on holdfast.questions (venture_id, expires_at)
    where status = 'open' and expires_at is not null;
create index questions_supervisor on holdfast.questions (venture_id, supervisor_id) where supervisor_id is not null;
create index questions_session on holdfast.questions (venture_id, session_id) where session_id is not null;
create index questions_plan on holdfast.questions (venture_id, plan_id) where plan_id is not null;

alter table holdfast.plan_steps add constraint plan_steps_question_fkey
    foreign key (venture_id, question_id) references holdfast.questions;
create index plan_steps_question on holdfast.plan_steps (venture_id, question_id) where question_id is not null;
