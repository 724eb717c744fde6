-- What was written while the database was away, and has been applied since.

create table holdfast.journal_entries (
    venture_id uuid not null,
    id         uuid not null,         -- made by who wrote it; applied once
    session_id holdfast.label not null,
    function   text not null,
    written_at timestamptz not null,  -- by the writer's clock; told, never compared
    applied_at timestamptz not null,
    constraint journal_entries_pkey primary key (venture_id, id),
    constraint journal_entries_venture_fkey foreign key (venture_id) references holdfast.ventures
);
comment on table holdfast.journal_entries is 'The entries of local journals that were applied, so that none is applied twice.';
create index journal_entries_applied on holdfast.journal_entries (applied_at);
