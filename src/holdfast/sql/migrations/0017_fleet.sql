-- What is under way, found without passing what is over: a fleet is looked at many times a second, and history grows.

create index agent_executions_open on holdfast.agent_executions (venture_id, id) where ended_at is null;
create index plans_open on holdfast.plans (venture_id, id) where ended_at is null;
