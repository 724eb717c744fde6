-- A restoration explains itself finding by finding, and a supervisor can be brought back to any of its save points.

-- The order in which a supervisor comes back.
create type holdfast.restoration_step as enum (
    'load', 'open', 'validate', 'restore', 'answers', 'questions', 'tasks', 'context', 'count', 'go_on');

-- All that a restoration may do about what it finds.
create type holdfast.restoration_action as enum (
    'keep',         -- it is as it should be
    'repair',       -- it is set right where it stands
    'drop',         -- it is let go of: kept for people to see, no longer a part of the work
    'respawn',      -- it is begun anew
    'go_back',      -- to the last good checkpoint, or to the one that a person named
    'start_fresh',  -- from the beginning
    'ask',          -- stop, and ask a person
    'finish'        -- there is nothing left to do
);

create type holdfast.restoration_outcome as enum ('went_on', 'asked', 'finished');

-- One thing that was found. What it is about for the engine, such as an id, is in the detail.
create type holdfast.finding as (
    step holdfast.restoration_step, finding text, subject text, action holdfast.restoration_action, reason text, detail jsonb);

create table holdfast.restoration_findings (
    venture_id    uuid not null,
    supervisor_id uuid not null,
    number        holdfast.ordinal not null,   -- of the restoration
    position      holdfast.ordinal not null,   -- in the order of the protocol
    step          holdfast.restoration_step not null,
    finding       holdfast.label not null,     -- one of restoration_rules()
    subject       text not null,
    action        holdfast.restoration_action not null,
    reason        text not null,
    detail        jsonb not null,
    constraint restoration_findings_pkey primary key (venture_id, supervisor_id, number, position),
    constraint restoration_findings_restoration_fkey foreign key (venture_id, supervisor_id, number)
        references holdfast.supervisor_restorations on delete cascade
);
comment on table holdfast.restoration_findings is 'What a restoration found, and the one action that followed from each finding.';

insert into holdfast.restoration_findings (venture_id, supervisor_id, number, position, step, finding, subject, action, reason, detail)
select r.venture_id, r.supervisor_id, r.number, f.position, 'validate', f.value ->> 'finding', f.value ->> 'subject',
    case f.value ->> 'action' when 'repair' then 'repair' when 'keep' then 'keep' else 'ask' end::holdfast.restoration_action,
    f.value ->> 'reason', '{}'
from holdfast.supervisor_restorations r
cross join lateral jsonb_array_elements(r.findings) with ordinality as f (value, position);

alter table holdfast.supervisor_restorations
    drop column findings,
    add column epoch bigint,         -- of the lease under which it was restored
    add column checkpoint bigint,    -- from which it goes on; null: there is none
    add column outcome holdfast.restoration_outcome not null default 'went_on',
    add column context text not null default '';  -- what the agent is told
alter table holdfast.supervisor_restorations alter column outcome drop default, alter column context drop default;

create type holdfast.checkpoint_reason as enum (
    'request',      -- its program asked for one
    'person',       -- a person did
    'spawn', 'question', 'answer', 'phase',
    'restoration',  -- a restoration set right what its line lists
    'fork'          -- it begins with what another one had
);

-- A checkpoint adds to the one that it stands on; all of them down to the first are its line. A beat is a save point too, the
-- light one: it is the supervisor's own row.
alter table holdfast.checkpoints
    add column reason holdfast.checkpoint_reason not null default 'request',
    add column begins boolean not null default false,     -- the conversation begins anew with it
    add column listed jsonb not null default '[]',        -- what it adds to what its line lists: [{kind, id, key, dropped, of}]
    add column standing jsonb not null default '{}',      -- where the supervisor was: state, phase, progress, activity
    add column digest bytea,                              -- SHA-256 of all this and of its parent's; null: older than digests
    add constraint checkpoints_listed_array check (jsonb_typeof(listed) = 'array'),
    add constraint checkpoints_digest_length check (octet_length(digest) = 32);
update holdfast.checkpoints set begins = true where parent is null;
alter table holdfast.checkpoints alter column reason drop default;

alter table holdfast.supervisor_states
    add column checkpoint bigint,                         -- the one that it stands on
    add column restore_as holdfast.restoration_source,    -- a person asked for the next restoration
    add column restore_from bigint,                       -- and named a checkpoint
    add column forked_from uuid,
    add constraint supervisor_states_forked_from_fkey foreign key (venture_id, forked_from) references holdfast.supervisor_states;
update holdfast.supervisor_states s set checkpoint = (select max(c.number) from holdfast.checkpoints c
    where c.venture_id = s.venture_id and c.supervisor_id = s.id);
create index supervisor_states_forked_from on holdfast.supervisor_states (venture_id, forked_from) where forked_from is not null;

-- On which checkpoint its supervisor stood when it was begun or finished: going back to that one or to one before takes the
-- step back too.
alter table holdfast.supervisor_steps
    add column checkpoint bigint not null default 0,
    add column dropped_at timestamptz;                    -- it was taken back; its name is another one's now
