-- What there is to do: a tree, whose inner nodes are orchestrators.

create type holdfast.directive_status as enum (
    'draft',      -- created →
    'active',     -- draft, blocked →
    'blocked',    -- active →
    'completed',  -- active →
    'cancelled'   -- active →
);

create type holdfast.directive_phase as enum (
    'LEAD',       -- created →, PLAN → (back, with a reason)
    'PLAN',       -- LEAD →, EXEC → (back, with a reason)
    'EXEC',       -- PLAN →, COMPLETE → (back, with a reason)
    'COMPLETE'    -- EXEC →
);

create table holdfast.directives (
    venture_id     uuid not null,
    id             uuid not null,
    sd_key         text not null,  -- what people call it: SD-…
    parent_id      uuid,
    title          holdfast.title not null,
    description    text,
    status         holdfast.directive_status not null,
    phase          holdfast.directive_phase not null,
    priority       integer not null default 100,  -- lower first
    verification   text,           -- the command that shows it is done
    blocked_reason text,
    metadata       holdfast.metadata not null default '{}',
    created_at     timestamptz not null,
    started_at     timestamptz,
    ended_at       timestamptz,
    seq            bigint not null default 0,
    constraint directives_pkey primary key (venture_id, id),
    constraint directives_sd_key_key unique (venture_id, sd_key),
    constraint directives_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint directives_parent_fkey foreign key (venture_id, parent_id) references holdfast.directives,
    constraint directives_sd_key_form check (sd_key ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$'),
    constraint directives_not_own_parent check (parent_id <> id),
    constraint directives_ended_at_when_ended check ((status in ('completed', 'cancelled')) = (ended_at is not null)),
    constraint directives_blocked_has_reason check (status <> 'blocked' or blocked_reason is not null),
    constraint directives_ended_after_started check (ended_at >= started_at)
);
comment on table holdfast.directives is 'What there is to do; a directive with children is an orchestrator.';
create index directives_parent on holdfast.directives (venture_id, parent_id, priority, created_at);

create table holdfast.directive_needs (
    venture_id   uuid not null,
    directive_id uuid not null,
    needs_id     uuid not null,
    constraint directive_needs_pkey primary key (venture_id, directive_id, needs_id),
    constraint directive_needs_directive_fkey foreign key (venture_id, directive_id)
        references holdfast.directives on delete cascade,
    constraint directive_needs_needs_fkey foreign key (venture_id, needs_id)
        references holdfast.directives on delete cascade,
    constraint directive_needs_not_itself check (needs_id <> directive_id)
);
comment on table holdfast.directive_needs is 'Which directives must be completed before another may be claimed.';
create index directive_needs_needed on holdfast.directive_needs (venture_id, needs_id);
