-- Heartbeats of everything that is held, many in one call.

-- Renews leases, each row fenced on its own, and returns those that are lost. A beat carries no event, so its
-- transaction need not wait for the disk: what a crash of the server can take back is only the newest expiry.
create function holdfast.renew_leases(
    p_kinds text[], p_ids uuid[], p_epochs bigint[], p_tokens uuid[],
    p_lease_seconds double precision default 30, p_venture_id uuid default null)
returns table (kind text, id uuid)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_lease   interval := require_lease_seconds(p_lease_seconds);
    v_now     timestamptz;
begin
    perform require_same_length(10000, cardinality(p_kinds), cardinality(p_ids), cardinality(p_epochs), cardinality(p_tokens));
    if not p_kinds <@ array['execution', 'supervisor', 'session', 'directive'] then
        perform refuse('HF005', format('kinds = %s; a lease is on an execution, a supervisor, a session or a directive.', p_kinds));
    end if;
    if pg_current_xact_id_if_assigned() is null then  -- else it would take back what the transaction has promised
        perform set_config('synchronous_commit', 'off', true);
    end if;
    if cardinality(p_ids) > 1 then  -- in one order, as every other call that writes several rows
        perform from claude_sessions s where s.venture_id = v_venture and s.id = any (p_ids) order by s.id for no key update;
        perform from directive_claims c where c.venture_id = v_venture and c.directive_id = any (p_ids)
        order by c.directive_id for no key update;
        perform from supervisor_states s where s.venture_id = v_venture and s.id = any (p_ids) order by s.id for no key update;
        perform from agent_executions e where e.venture_id = v_venture and e.id = any (p_ids) order by e.id for no key update;
    end if;
    v_now := holdfast.now();
    return query
    with given as (
        select g.kind, g.id, g.epoch, g.token
        from unnest(p_kinds, p_ids, p_epochs, p_tokens) as g (kind, id, epoch, token)
    ), executions as (
        update agent_executions e set lease_expires_at = greatest(e.lease_expires_at, v_now + v_lease), heartbeat_at = v_now
        from given g where g.kind = 'execution' and e.venture_id = v_venture and e.id = g.id and e.ended_at is null
            and g.token is not null and holds(e.lease_epoch, e.lease_token, e.lease_expires_at, g.epoch, g.token, v_now)
        returning g.kind, e.id
    ), supervisors as (
        update supervisor_states s set lease_expires_at = greatest(s.lease_expires_at, v_now + v_lease), heartbeat_at = v_now
        from given g where g.kind = 'supervisor' and s.venture_id = v_venture and s.id = g.id and s.ended_at is null
            and g.token is not null and holds(s.lease_epoch, s.lease_token, s.lease_expires_at, g.epoch, g.token, v_now)
        returning g.kind, s.id
    ), sessions as (
        update claude_sessions s set lease_expires_at = greatest(s.lease_expires_at, v_now + v_lease), heartbeat_at = v_now
        from given g where g.kind = 'session' and s.venture_id = v_venture and s.id = g.id and s.ended_at is null
            and g.token is not null and holds(s.lease_epoch, s.lease_token, s.lease_expires_at, g.epoch, g.token, v_now)
        returning g.kind, s.id
    ), directives as (
        update directive_claims c set lease_expires_at = greatest(c.lease_expires_at, v_now + v_lease)
        from given g where g.kind = 'directive' and c.venture_id = v_venture and c.directive_id = g.id
            and g.token is not null and holds(c.lease_epoch, c.lease_token, c.lease_expires_at, g.epoch, g.token, v_now)
        returning g.kind, c.directive_id
    )
    select g.kind, g.id from given g
    where (g.kind, g.id) not in (
        select * from executions union all select * from supervisors
        union all select * from sessions union all select * from directives)
        and not ended_under(v_venture, g.kind, g.id, g.epoch, g.token);
end
$$;

-- Whether a holder ended its work itself: a beat that comes just after that has lost nothing.
create function holdfast.ended_under(p_venture_id uuid, p_kind text, p_id uuid, p_epoch bigint, p_token uuid) returns boolean
language sql stable as $$
    select case p_kind
        when 'execution' then exists (select from holdfast.agent_executions e where e.venture_id = p_venture_id and e.id = p_id
            and e.ended_at is not null and e.lease_epoch = p_epoch and e.lease_token = p_token)
        when 'supervisor' then exists (select from holdfast.supervisor_states s where s.venture_id = p_venture_id and s.id = p_id
            and s.ended_at is not null and s.lease_epoch = p_epoch and s.lease_token = p_token)
        when 'session' then exists (select from holdfast.claude_sessions s where s.venture_id = p_venture_id and s.id = p_id
            and s.ended_at is not null and s.lease_epoch = p_epoch and s.lease_token = p_token)
        else false end
$$;
