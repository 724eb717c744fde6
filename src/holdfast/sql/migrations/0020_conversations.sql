-- What other people's frameworks remember of their conversations: lists of items that grow, and LangGraph's checkpoints.
-- Everything of a conversation hangs on its own row, so writers take turns at it and forgetting it leaves nothing behind.

create table holdfast.conversations (
    venture_id  uuid not null,
    id          uuid not null,
    framework   holdfast.label not null,  -- claude, langgraph, openai
    scope       text not null,            -- a project, or empty
    key         text not null,            -- what the framework calls it: session, thread
    part        text not null,            -- a subagent's transcript, a subgraph's namespace; empty: the conversation itself
    version     bigint not null,          -- +1 with every change; begins at the microsecond of creation, so it never comes twice
    head        bigint not null default 0, -- the version that carried the talk on last: who has not seen it would fork it
    head_name   text,                     -- the checkpoint that it saved
    head_writer uuid,
    head_holder text,                     -- what people are told of who that was
    head_at     timestamptz,
    length      integer not null default 0,  -- items of run 0
    runs        integer not null default 0,  -- how many runs were begun
    bytes       bigint not null default 0,
    summary     holdfast.large_json,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint conversations_pkey primary key (venture_id, id),
    constraint conversations_name_key unique (venture_id, framework, scope, key, part),
    constraint conversations_venture_fkey foreign key (venture_id) references holdfast.ventures,
    constraint conversations_name_length check (octet_length(scope) <= 500 and octet_length(key) between 1 and 500 and octet_length(part) <= 1000),
    constraint conversations_ranges check (length >= 0 and runs >= 0 and bytes >= 0 and head <= version)
) with (fillfactor = 80);
comment on table holdfast.conversations is 'What a framework keeps under one name.';
create index conversations_created on holdfast.conversations (created_at);

-- The items of a list. A list that another one continues shares its items: it is a run that begins where its parent ends.
create table holdfast.conversation_items (
    venture_id      uuid not null,
    conversation_id uuid not null,
    run             integer not null,
    place           integer not null,
    name            text,             -- the framework's own id of it: a repeated append changes nothing
    version         bigint not null,  -- of the conversation, when it was added
    content         bytea not null,
    constraint conversation_items_pkey primary key (venture_id, conversation_id, run, place),
    constraint conversation_items_conversation_fkey foreign key (venture_id, conversation_id)
        references holdfast.conversations on delete cascade,
    constraint conversation_items_place check (run >= 0 and place >= 0),
    constraint conversation_items_size check (octet_length(content) <= 16777216 and octet_length(name) <= 500)
);
comment on table holdfast.conversation_items is 'Messages and the like, each kept once.';
alter table holdfast.conversation_items alter column content set storage external;
create unique index conversation_items_name on holdfast.conversation_items (venture_id, conversation_id, name) where name is not null;

create table holdfast.conversation_runs (
    venture_id      uuid not null,
    conversation_id uuid not null,
    run             integer not null,
    parent          integer,           -- the run it goes on from
    begins          integer not null,  -- how many items of the parent's list it begins with
    length          integer not null,  -- with those
    constraint conversation_runs_pkey primary key (venture_id, conversation_id, run),
    constraint conversation_runs_conversation_fkey foreign key (venture_id, conversation_id)
        references holdfast.conversations on delete cascade,
    constraint conversation_runs_parent check ((parent is null) = (begins = 0) and parent < run),
    constraint conversation_runs_length check (begins >= 0 and length >= begins)
);
comment on table holdfast.conversation_runs is 'Lists that grow; a branch shares what came before it.';

create table holdfast.conversation_checkpoints (
    venture_id      uuid not null,
    conversation_id uuid not null,
    checkpoint_id   text collate "C" not null,  -- they sort by age
    number          bigint not null,  -- the conversation's version that it made
    parent_id       text collate "C",
    body            bytea not null,   -- without the values of its channels
    metadata        bytea not null,
    labels          holdfast.large_json not null,  -- what of the metadata is searched by
    run_id          text,
    versions        holdfast.large_json not null,  -- of each channel
    holder          text,
    created_at      timestamptz not null,
    constraint conversation_checkpoints_pkey primary key (venture_id, conversation_id, checkpoint_id),
    constraint conversation_checkpoints_conversation_fkey foreign key (venture_id, conversation_id)
        references holdfast.conversations on delete cascade,
    constraint conversation_checkpoints_size check (octet_length(checkpoint_id) between 1 and 200
        and octet_length(body) <= 16777216 and octet_length(metadata) <= 1048576)
);
comment on table holdfast.conversation_checkpoints is 'What a graph needs to go on from a step.';
create index conversation_checkpoints_run on holdfast.conversation_checkpoints (venture_id, run_id) where run_id is not null;

-- The value of a channel in a version: itself, or how much of which run; neither: it is empty.
create table holdfast.conversation_values (
    venture_id      uuid not null,
    conversation_id uuid not null,
    channel         text not null,
    version         text not null,
    content         bytea,
    run             integer,
    length          integer,
    constraint conversation_values_pkey primary key (venture_id, conversation_id, channel, version),
    constraint conversation_values_conversation_fkey foreign key (venture_id, conversation_id)
        references holdfast.conversations on delete cascade,
    constraint conversation_values_one check ((run is null) = (length is null) and (run is null or content is null)),
    constraint conversation_values_size check (octet_length(content) <= 16777216
        and octet_length(channel) <= 500 and octet_length(version) <= 200)
);
comment on table holdfast.conversation_values is 'What channels held, each version once.';
alter table holdfast.conversation_values alter column content set storage external;

create table holdfast.conversation_writes (
    venture_id      uuid not null,
    conversation_id uuid not null,
    checkpoint_id   text collate "C" not null,  -- which may come later than its writes
    task_id         text collate "C" not null,
    place           integer not null,
    task_path       text collate "C" not null,
    channel         text not null,
    content         bytea not null,
    constraint conversation_writes_pkey primary key (venture_id, conversation_id, checkpoint_id, task_id, place),
    constraint conversation_writes_conversation_fkey foreign key (venture_id, conversation_id)
        references holdfast.conversations on delete cascade,
    constraint conversation_writes_size check (octet_length(content) <= 16777216 and octet_length(task_id) <= 200
        and octet_length(checkpoint_id) <= 200 and octet_length(channel) <= 500 and octet_length(task_path) <= 2000)
);
comment on table holdfast.conversation_writes is 'What the tasks of a step have written before the step was whole.';
alter table holdfast.conversation_writes alter column content set storage external;
