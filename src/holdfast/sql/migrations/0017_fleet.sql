-- What is under way, found without passing what is over: a fleet is looked at many times a second, and history grows.

create index agent_executions_open on holdfast.agent_executions (venture_id, id) where ended_at is null;
create index supervisor_states_open on holdfast.supervisor_states (venture_id, id) where ended_at is null;
create index claude_sessions_open on holdfast.claude_sessions (venture_id, id) where ended_at is null;
create index plans_open on holdfast.plans (venture_id, id) where ended_at is null;
