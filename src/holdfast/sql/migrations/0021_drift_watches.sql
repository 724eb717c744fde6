-- Databases of people's own whose catalogue is compared with what was kept of it, on a schedule.

create type holdfast.drift_status as enum (
    'as_expected',  -- created, drifted →
    'drifted'       -- as_expected →
);

create table holdfast.drift_watches (
    venture_id       uuid not null,
    id               uuid not null,
    name             holdfast.label not null,
    target           text not null,             -- where it is, without a password: env:VARIABLE, local:NAME, or an address
    every_seconds    double precision not null,
    expected         jsonb not null,            -- the catalogue as it was kept
    status           holdfast.drift_status not null,
    drift            holdfast.large_json,       -- what differs
    drift_digest     bytea,                     -- of all of it, by which an answer is for exactly this
    problem          text,                      -- why the last look could not be had
    supervisor_id    uuid,                      -- who asks about the drift, and what
    question_id      uuid,
    created_at       timestamptz not null,
    checked_at       timestamptz not null,      -- when somebody could look last
    next_at          timestamptz not null,
    lease_epoch      bigint not null default 0,
    lease_token      uuid,
    lease_holder     text,
    lease_expires_at timestamptz,
    constraint drift_watches_pkey primary key (venture_id, id),
    constraint drift_watches_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint drift_watches_supervisor_fkey foreign key (venture_id, supervisor_id) references holdfast.supervisor_states,
    constraint drift_watches_question_fkey foreign key (venture_id, question_id) references holdfast.questions,
    constraint drift_watches_name_key unique (venture_id, name),
    constraint drift_watches_target_form check (length(target) between 1 and 1000 and target !~ '://[^/@]*:[^/@]*@'),
    constraint drift_watches_every_seconds_range check (every_seconds between 10 and 2678400),
    constraint drift_watches_expected_size check (pg_column_size(expected) <= 8388608),
    constraint drift_watches_drift_when_drifted check ((status = 'drifted') = (drift is not null and drift_digest is not null)),
    constraint drift_watches_question_when_asked check ((question_id is null) = (supervisor_id is null)),
    constraint drift_watches_digest_length check (octet_length(drift_digest) = 32),
    constraint drift_watches_problem_length check (length(problem) <= 2000),
    constraint drift_watches_lease_whole check ((lease_token is null) = (lease_expires_at is null))
);
comment on table holdfast.drift_watches is 'Which catalogues workers compare with what was kept of them, and what they found.';
create index drift_watches_next on holdfast.drift_watches (venture_id, next_at);
create index drift_watches_supervisor on holdfast.drift_watches (venture_id, supervisor_id) where supervisor_id is not null;
create index drift_watches_question on holdfast.drift_watches (venture_id, question_id) where question_id is not null;
