-- What tools were called under which id: a call whose answer was lost may be made again and changes nothing.

create table holdfast.tool_calls (
    venture_id uuid not null,
    session_id uuid not null,
    key        holdfast.label not null,  -- the agent program's own id of the call
    tool       text not null,
    result     holdfast.large_json not null,
    created_at timestamptz not null,
    constraint tool_calls_pkey primary key (venture_id, session_id, key),
    constraint tool_calls_session_fkey foreign key (venture_id, session_id) references holdfast.claude_sessions
);
comment on table holdfast.tool_calls is 'The result of each tool call by its id; a repeated call is given the first one''s.';
create index tool_calls_created on holdfast.tool_calls (created_at);
