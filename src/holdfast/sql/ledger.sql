-- What of Holdfast this database has. Made before anything else, and whenever it is not there yet.
create schema if not exists holdfast;

create table if not exists holdfast.migrations (
    number     integer not null,
    name       text not null,
    checksum   text not null,
    applied_at timestamptz not null default now(),
    constraint migrations_pkey primary key (number)
);
comment on table holdfast.migrations is 'Which numbered migrations were applied, and what they said then.';

create table if not exists holdfast.definitions (
    only_row    boolean not null default true,
    checksum    text not null,   -- of the functions, views and policies as they were applied
    fingerprint jsonb not null,  -- of every object as the database held it afterwards
    applied_at  timestamptz not null default now(),
    constraint definitions_pkey primary key (only_row),
    constraint definitions_one_row check (only_row)
);
comment on table holdfast.definitions is 'Which functions, views and policies are in force; tells what was changed by hand.';
