-- What became of a session's hooks, and where its files and the database differed; both to look at.

-- One row a hook, written at most once a beat: no event, and no index but the key.
create table holdfast.session_hooks (
    venture_id uuid not null,
    session_id uuid not null,
    hook       text not null,               -- as the agent program calls it: PreToolUse
    runs       bigint not null,
    refusals   bigint not null,             -- it stopped what was to be done
    failures   bigint not null,             -- it could not do its work, and let the program go on
    seconds    double precision not null,   -- of all runs
    longest    double precision not null,   -- of one run, in seconds
    last_at    timestamptz not null,
    constraint session_hooks_pkey primary key (venture_id, session_id, hook),
    constraint session_hooks_session_fkey foreign key (venture_id, session_id)
        references holdfast.claude_sessions on delete cascade,
    constraint session_hooks_counts check (
        runs >= 1 and refusals between 0 and runs and failures between 0 and runs and longest between 0 and seconds)
) with (fillfactor = 70);
comment on table holdfast.session_hooks is 'How often each hook of a session ran, what it stopped, and how long it took.';

create table holdfast.session_divergences (
    venture_id uuid not null,
    session_id uuid not null,
    kind       text not null,
    here       text not null,               -- what the file or git said, with its name
    truth      text not null,               -- what the database said
    repaired   boolean not null,            -- when it was seen last
    problem    text,                        -- why it could not be repaired
    times      bigint not null,
    first_at   timestamptz not null,
    last_at    timestamptz not null,
    constraint session_divergences_pkey primary key (venture_id, session_id, kind, here, truth),
    constraint session_divergences_session_fkey foreign key (venture_id, session_id)
        references holdfast.claude_sessions on delete cascade,
    constraint session_divergences_times check (times >= 1 and last_at >= first_at)
) with (fillfactor = 70);
comment on table holdfast.session_divergences is 'Where a session''s files, its branch and the database said different things; the newest hundred of a session.';
