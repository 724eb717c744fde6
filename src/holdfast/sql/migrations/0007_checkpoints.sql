-- What a supervisor needs to go on: deltas over content-addressed blobs, never a full copy each time.

create table holdfast.blobs (
    venture_id uuid not null,
    digest     bytea not null,  -- SHA-256 of content, computed by the database
    content    bytea not null,
    created_at timestamptz not null,
    constraint blobs_pkey primary key (venture_id, digest),
    constraint blobs_digest_length check (octet_length(digest) = 32),
    constraint blobs_content_size check (octet_length(content) <= 16777216)
);
comment on table holdfast.blobs is 'Texts that checkpoints are made of, each kept once.';
-- Compressing on the writer's path costs more than the disk it saves.
alter table holdfast.blobs alter column content set storage external;

create table holdfast.checkpoints (
    venture_id    uuid not null,
    supervisor_id uuid not null,
    number        bigint not null,
    parent        bigint,           -- the checkpoint this one adds to; null: it stands alone
    label         text,
    state         holdfast.large_json not null,   -- small: what is not conversation
    blobs         bytea[] not null, -- digests of what it adds to its parent, in order
    created_at    timestamptz not null,
    constraint checkpoints_pkey primary key (venture_id, supervisor_id, number),
    constraint checkpoints_supervisor_fkey foreign key (venture_id, supervisor_id)
        references holdfast.supervisor_states on delete cascade,
    constraint checkpoints_parent_fkey foreign key (venture_id, supervisor_id, parent) references holdfast.checkpoints,
    constraint checkpoints_number_positive check (number >= 1),
    constraint checkpoints_parent_before check (parent < number),
    constraint checkpoints_sizes check (pg_column_size(state) <= 1048576 and cardinality(blobs) <= 10000)
);
comment on table holdfast.checkpoints is 'Append only, per supervisor.';
create index checkpoints_parent on holdfast.checkpoints (venture_id, supervisor_id, parent) where parent is not null;
