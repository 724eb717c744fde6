-- Whom a question is for, which form its answer has, what happens when nobody answers, and who was told of it.

create type holdfast.question_expiry as enum (
    'default',   -- the default answer is given
    'fail',      -- its asker is told that nobody answered
    'escalate'   -- others are asked, until a later time
);
-- By which right somebody answered.
create type holdfast.answer_right as enum (
    'audience',  -- it was for them
    'owner'      -- it was for others; an owner may always
);

alter table holdfast.questions
    add column audience jsonb,           -- {"person": …}, {"role": …}, or both: whoever is the one or has the other; null: operators
    add column earlier_audiences jsonb not null default '[]',  -- whom it was for before it was escalated; they still may answer
    add column schema holdfast.small_json,                     -- the form of the answer, as a JSON Schema
    add column on_expiry holdfast.question_expiry not null default 'default',
    add column escalation holdfast.small_json,                 -- {audience, expires_in_seconds?, on_expiry?, escalation?}
    add column escalated integer not null default 0,           -- how often it was
    add column blocks holdfast.small_json not null default '[]',  -- what waits for it: {noun, name, …}
    add column action holdfast.large_json,                     -- what an approval is for
    add column action_digest bytea,                            -- SHA-256 of its canonical JSON
    add column answered_as holdfast.answer_right,
    add column closed_by text,
    add column close_reason holdfast.activity,
    add column voided_at timestamptz,    -- what it was about has changed; it was asked anew
    add constraint questions_one_form check (num_nonnulls(options, schema) <= 1),
    add constraint questions_audience_form check (jsonb_typeof(audience) = 'object'),
    add constraint questions_escalation_given check (on_expiry <> 'escalate' or escalation is not null),
    add constraint questions_expiry_named check (on_expiry = 'default' or expires_at is not null),
    add constraint questions_digest_of_action check ((action is null) = (action_digest is null)
        and octet_length(action_digest) = 32),
    add constraint questions_right_when_answered check (answered_as is null or answered_at is not null),
    add constraint questions_open_is_not_void check (voided_at is null or status <> 'open');

-- What is asked anew takes the key of what it replaces.
drop index holdfast.questions_key;
create unique index questions_key on holdfast.questions
    (venture_id, coalesce(supervisor_id, session_id), key) where key is not null and voided_at is null;

create type holdfast.notification_status as enum (
    'pending',  -- created →
    'sent',     -- pending →
    'failed',   -- pending →  (given up)
    'dropped'   -- pending →  (nobody needs it any more)
);
create type holdfast.notification_occasion as enum (
    'asked',       -- it was asked
    'unanswered',  -- nobody has answered for a while
    'escalated'    -- it is for others now
);

create table holdfast.notifications (
    venture_id       uuid not null,
    question_id      uuid not null,
    occasion         holdfast.notification_occasion not null,
    number           integer not null,        -- of the escalation; else 0
    channel          holdfast.label not null, -- such as slack-3fa9c2d1: never its address, which holds secrets
    status           holdfast.notification_status not null,
    attempts         holdfast.amount not null default 0,
    due_at           timestamptz not null,
    created_at       timestamptz not null,
    lease_token      uuid,
    lease_holder     holdfast.label,
    lease_expires_at timestamptz,
    error            holdfast.activity,       -- why the newest attempt failed
    ended_at         timestamptz,
    constraint notifications_pkey primary key (venture_id, question_id, occasion, number, channel),
    constraint notifications_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint notifications_question_fkey foreign key (venture_id, question_id)
        references holdfast.questions on delete cascade,
    constraint notifications_lease_whole check ((lease_token is null) = (lease_expires_at is null)),
    constraint notifications_lease_while_pending check (status = 'pending' or lease_token is null),
    constraint notifications_ended_at_when_ended check ((status = 'pending') = (ended_at is null))
);
comment on table holdfast.notifications is 'Whom we told, or shall tell, of a question by which channel; one row for one thing to tell.';
create index notifications_due on holdfast.notifications (venture_id, due_at) where status = 'pending';
