-- The schema, the request roles, and the tenant.

create schema if not exists holdfast;
comment on schema holdfast is 'The memory and control room of AI agents: who does what under which lease, plans, questions, and every change.';

-- The three request roles of Supabase. A plain server gets them here; roles belong to the whole cluster,
-- so two databases that migrate at once may both try.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['anon', 'authenticated', 'service_role'] loop
        if not exists (select from pg_roles where rolname = v_role) then
            begin
                execute format('create role %I nologin', v_role);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
    end loop;
end
$$;

-- What a column may hold, where the column alone says so. A domain is checked when its column is written; a CHECK of the
-- table is read and checked anew at every update of any column, which made one third of what a save costs.
create domain holdfast.label      as text constraint label_length check (length(value) between 1 and 200);
create domain holdfast.title      as text constraint title_length check (length(value) between 1 and 500);
create domain holdfast.activity   as text constraint activity_length check (length(value) <= 2000);
create domain holdfast.long_text  as text constraint long_text_length check (length(value) <= 20000);
create domain holdfast.percent    as numeric(5, 2) constraint percent_range check (value between 0 and 100);
create domain holdfast.amount     as integer constraint amount_not_negative check (value >= 0);
create domain holdfast.ordinal    as integer constraint ordinal_positive check (value >= 1);
create domain holdfast.metadata   as jsonb
    constraint metadata_object check (jsonb_typeof(value) = 'object')
    constraint metadata_size check (pg_column_size(value) <= 65536);
create domain holdfast.small_json as jsonb constraint small_json_size check (pg_column_size(value) <= 65536);
create domain holdfast.large_json as jsonb constraint large_json_size check (pg_column_size(value) <= 1048576);

-- Each role may do what the ones before it may.
create type holdfast.member_role as enum ('viewer', 'agent', 'operator', 'owner');

-- What can have a stream of events.
create type holdfast.stream_kind as enum ('venture', 'directive', 'session', 'supervisor', 'execution', 'plan');

create table holdfast.ventures (
    venture_id uuid not null,
    slug       text not null,
    name       holdfast.label not null,
    settings   jsonb not null default '{}',
    created_at timestamptz not null,
    seq        bigint not null default 0,  -- of its newest event
    constraint ventures_pkey primary key (venture_id),
    constraint ventures_slug_key unique (slug),
    constraint ventures_slug_form check (slug ~ '^[a-z0-9][a-z0-9._-]{0,62}$')
);
comment on table holdfast.ventures is 'The tenant; every row of every table carries its id.';

create table holdfast.venture_members (
    venture_id uuid not null,
    user_id    text not null,  -- the claim "sub": auth.uid() on Supabase
    role       holdfast.member_role not null,
    created_at timestamptz not null,
    constraint venture_members_pkey primary key (venture_id, user_id),
    constraint venture_members_venture_fkey foreign key (venture_id) references holdfast.ventures on delete cascade
);
comment on table holdfast.venture_members is 'Who may see and do what in a venture, where a token does not say so itself.';
create index venture_members_user on holdfast.venture_members (user_id);

-- The venture that a call means when nothing names one.
insert into holdfast.ventures (venture_id, slug, name, created_at)
values ('00000000-0000-7000-8000-000000000000', 'default', 'default', now());
