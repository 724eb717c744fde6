-- What operators do, and what pages of lists are read by.

-- A failed execution is not rewritten: who does it again makes a new one that names it.
alter table holdfast.agent_executions add column retry_of uuid;
alter table holdfast.agent_executions add constraint agent_executions_retry_of_fkey
    foreign key (venture_id, retry_of) references holdfast.agent_executions;
create index agent_executions_retry_of on holdfast.agent_executions (venture_id, retry_of) where retry_of is not null;

-- Set by an operator, and apart from the state that a supervisor gives itself: no worker takes it up until it is resumed.
alter table holdfast.supervisor_states
    add column paused_at timestamptz,
    add column paused_by text,
    add column pause_reason holdfast.activity,
    add constraint supervisor_states_paused_whole check (paused_at is null or state = 'paused' and lease_token is null);
drop index holdfast.supervisor_states_ready;
create index supervisor_states_ready on holdfast.supervisor_states (venture_id, priority, created_at)
    where ended_at is null and lease_token is null and handler is not null and paused_at is null;

-- Writes that brought a key, so that the same one sent again is not done again.
create table holdfast.requests (
    venture_id uuid not null,
    user_id    text not null,
    key        holdfast.label not null,
    action     text not null,
    digest     bytea not null,  -- SHA-256 of the action and its arguments
    result     holdfast.large_json,
    created_at timestamptz not null,
    constraint requests_pkey primary key (venture_id, user_id, key),
    constraint requests_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint requests_digest_length check (octet_length(digest) = 32)
);
comment on table holdfast.requests is 'The result of each write by its Idempotency-Key, kept for a day.';
create index requests_created on holdfast.requests (created_at);

-- Pages go by id, which sorts by age; where few have the state that is asked for, by these. They are partial because
-- row-level security lets no operator that might leak be an index's condition, and that of an enum counts as one.
create index agent_executions_open on holdfast.agent_executions (venture_id, id) where ended_at is null;
create index agent_executions_failed on holdfast.agent_executions (venture_id, id) where status = 'failed';
create index agent_executions_cancelled on holdfast.agent_executions (venture_id, id) where status = 'cancelled';
create index agent_executions_agent on holdfast.agent_executions (venture_id, agent, id) where agent is not null;
create index agent_executions_ended on holdfast.agent_executions (venture_id, ended_at) where ended_at is not null;
create index claude_sessions_open on holdfast.claude_sessions (venture_id, id) where ended_at is null;
create index claude_sessions_ended on holdfast.claude_sessions (venture_id, ended_at) where ended_at is not null;
create index supervisor_states_open on holdfast.supervisor_states (venture_id, id) where ended_at is null;
create index supervisor_states_failed on holdfast.supervisor_states (venture_id, id) where state = 'failed';
create index questions_unanswered on holdfast.questions (venture_id, id) where status = 'open';
create index plans_open on holdfast.plans (venture_id, id) where ended_at is null;
create index plans_failed on holdfast.plans (venture_id, id) where status = 'failed';
create index directives_open on holdfast.directives (venture_id, id) where ended_at is null;
-- The log of events goes by time; who held what goes by the session that claimed it.
create index events_time on holdfast.events (venture_id, time);
create index events_claims on holdfast.events (venture_id, (data ->> 'session_id'), time)
    where type = 'directive.claimed';
