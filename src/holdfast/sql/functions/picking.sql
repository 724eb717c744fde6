-- Which directive a walk takes next. Everything here is asked before the locks are taken and once more under them, so
-- it is told which directive is about to change (p_current) and to what (p_becomes).

-- A child that has children of its own is walked as an orchestrator in its turn, this many levels deep.
create function holdfast.max_walk_depth() returns integer language sql immutable parallel safe as $$ select 16 $$;

-- A failed gate is tried again this often; after that the child is blocked.
create function holdfast.max_retries() returns integer language sql immutable parallel safe as $$ select 2 $$;

create function holdfast.status_then(
    p_directive holdfast.directives, p_current uuid, p_becomes holdfast.directive_status)
returns holdfast.directive_status
language sql immutable parallel safe as $$
    select case when p_directive.id = p_current then p_becomes else p_directive.status end
$$;

-- Why a directive, and so all that is below it, cannot be worked on by a session now; null: it can.
create function holdfast.obstacle(
    p_directive holdfast.directives, p_session_id uuid, p_current uuid, p_becomes holdfast.directive_status)
returns jsonb
language plpgsql stable as $$
declare
    v_status directive_status := status_then(p_directive, p_current, p_becomes);
    v_needs  text;
    v_held   record;
begin
    if v_status = 'blocked' then
        return jsonb_build_object('kind', case when p_directive.failures > max_retries() then 'failed' else 'blocked' end,
            'by', p_directive.blocked_reason);
    elsif v_status <> 'active' then
        return jsonb_build_object('kind', v_status, 'by', case v_status when 'draft' then 'it is a draft' else format('it is %s', v_status) end);
    end if;
    select string_agg(d.sd_key, ', ' order by d.sd_key) into v_needs
    from directive_needs n join directives d on d.venture_id = n.venture_id and d.id = n.needs_id
    where n.venture_id = p_directive.venture_id and n.directive_id = p_directive.id
        and status_then(d, p_current, p_becomes) <> 'completed';
    if v_needs is not null then
        return jsonb_build_object('kind', 'needs', 'by', 'it needs ' || v_needs);
    end if;
    select s.session_id, c.lease_expires_at into v_held
    from directive_claims c join claude_sessions s on s.venture_id = c.venture_id and s.id = c.session_id
    where c.venture_id = p_directive.venture_id and c.directive_id = p_directive.id
        and c.session_id <> p_session_id and c.lease_expires_at > holdfast.now();
    if found then
        return jsonb_build_object('kind', 'held', 'by', format('held by %s until %s', v_held.session_id, v_held.lease_expires_at));
    end if;
    return null;
end
$$;

-- What is below a directive that is not over, as far as a walk gets: not below what it cannot work on.
create function holdfast.walkable_tree(
    p_venture_id uuid, p_root_id uuid, p_session_id uuid, p_current uuid, p_becomes holdfast.directive_status)
returns table (id uuid, sd_key text, place bigint, depth integer, has_open_children boolean, obstacle jsonb)
language sql stable as $$
    with recursive tree as (
        select d.id, d.sd_key, 0 as depth, array[(d.priority, d.created_at, d.id)] as place,
            holdfast.obstacle(d, p_session_id, p_current, p_becomes) as obstacle
        from holdfast.directives d where d.venture_id = p_venture_id and d.id = p_root_id
        union all
        select k.id, k.sd_key, t.depth + 1, t.place || (k.priority, k.created_at, k.id),
            holdfast.obstacle(k, p_session_id, p_current, p_becomes)
        from tree t join holdfast.directives k on k.venture_id = p_venture_id and k.parent_id = t.id
        where t.obstacle is null and t.depth < holdfast.max_walk_depth()
            and holdfast.status_then(k, p_current, p_becomes) not in ('completed', 'cancelled')
    )
    select t.id, t.sd_key, row_number() over (order by t.place), t.depth, exists (
        select from holdfast.directives k where k.venture_id = p_venture_id and k.parent_id = t.id
            and holdfast.status_then(k, p_current, p_becomes) not in ('completed', 'cancelled')), t.obstacle
    from tree t
$$;

-- The next directive in a tree: by priority, then age, level by level; an orchestrator when all below it is over.
create function holdfast.next_directive(
    p_venture_id uuid, p_root_id uuid, p_session_id uuid, p_current uuid, p_becomes holdfast.directive_status)
returns uuid
language sql stable as $$
    select t.id from holdfast.walkable_tree(p_venture_id, p_root_id, p_session_id, p_current, p_becomes) t
    where t.obstacle is null and not t.has_open_children order by t.place limit 1
$$;

-- What stands in the way of a tree in which there is nothing to take, by name.
create function holdfast.stuck_directives(p_venture_id uuid, p_root_id uuid, p_session_id uuid) returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object('sd_key', s.sd_key) || s.told order by s.place), '[]') from (
        select t.sd_key, t.place, coalesce(t.obstacle, jsonb_build_object('kind', 'depth',
            'by', format('what is below it is nested more than %s levels deep', holdfast.max_walk_depth()))) as told
        from holdfast.walkable_tree(p_venture_id, p_root_id, p_session_id, null, null) t
        where t.obstacle is not null or t.depth = holdfast.max_walk_depth()
        order by t.place limit 100) s
$$;

-- The next orchestrator in which there is something to take, by priority, then age, and what that is. A part of one is
-- not entered from the side while something above it stands in the way.
create function holdfast.next_orchestrator(
    p_venture_id uuid, p_session_id uuid, p_but_id uuid, p_current uuid, p_becomes holdfast.directive_status)
returns table (root_id uuid, next_id uuid)
language plpgsql stable as $$
declare
    v_looked_at uuid;
begin
    for v_looked_at in
        select d.id from directives d
        where d.venture_id = p_venture_id and d.status = 'active' and d.id is distinct from p_but_id
            and exists (select from directives k where k.venture_id = d.venture_id and k.parent_id = d.id)
        order by d.priority, d.created_at, d.id limit 100
    loop
        if not exists (select from directives_above(p_venture_id, v_looked_at) a
            where obstacle(a, p_session_id, p_current, p_becomes) is not null) then
            root_id := v_looked_at;
            next_id := next_directive(p_venture_id, v_looked_at, p_session_id, p_current, p_becomes);
            if next_id is not null then
                return next;
                return;
            end if;
        end if;
    end loop;
end
$$;

create function holdfast.directives_above(p_venture_id uuid, p_directive_id uuid) returns setof holdfast.directives
language sql stable as $$
    with recursive above as (
        select d.parent_id as id, 1 as depth from holdfast.directives d where d.venture_id = p_venture_id and d.id = p_directive_id
        union all
        select d.parent_id, a.depth + 1 from above a
        join holdfast.directives d on d.venture_id = p_venture_id and d.id = a.id
        where a.depth < 100
    )
    select d.* from above a join holdfast.directives d on d.venture_id = p_venture_id and d.id = a.id
$$;
