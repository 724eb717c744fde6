-- The todo list that an agent program keeps for itself, as the steps of an execution of its session: so a session that
-- knows nothing of Holdfast has progress. Lock order: session, execution.

-- Makes a todo list the steps of the session's execution, which begins with the first list and is of the directive that
-- the session holds. Items have key, content, status (pending, in_progress, completed, deleted) and active_form, and are
-- known again by their key. A whole list drops what it does not name; else the items are changes of the list before.
create function holdfast.record_todos(
    p_session_id text, p_epoch bigint, p_token uuid, p_items jsonb, p_is_whole boolean default true,
    p_venture_id uuid default null)
returns table (execution_id uuid, completed_steps holdfast.amount, total_steps holdfast.amount, activity text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_session   claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_execution agent_executions;
    v_todos     jsonb;
begin
    perform require_todos(p_items);
    v_session := note_working(v_session);
    v_execution := todo_execution(v_venture, v_session);
    v_todos := merge_todos(v_execution.metadata -> 'todos', p_items, p_is_whole, last_position(v_venture, v_execution));
    if v_todos <> v_execution.metadata -> 'todos' then
        perform save_todo_steps(v_venture, v_execution, v_todos);
    end if;
    return query select e.id, e.completed_steps, e.total_steps, e.current_activity::text
    from agent_executions e where e.venture_id = v_venture and e.id = v_execution.id;
end
$$;

-- Makes the todo list of the program that runs an execution the execution's steps; the items are as in record_todos.
create function holdfast.record_execution_todos(
    p_execution_id uuid, p_items jsonb, p_is_whole boolean default true, p_epoch bigint default null,
    p_token uuid default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_execution agent_executions := lock_execution(v_venture, p_execution_id);
    v_todos     jsonb;
begin
    perform require_todos(p_items);
    if v_execution.status <> 'running' or not holds(v_execution.lease_epoch, v_execution.lease_token,
            v_execution.lease_expires_at, p_epoch, p_token, holdfast.now()) then
        perform refuse_execution_write(v_venture, p_execution_id, p_epoch, p_token, 'running');
    end if;
    v_todos := merge_todos(coalesce(v_execution.metadata -> 'todos', '[]'), p_items, p_is_whole, last_position(v_venture, v_execution));
    if v_todos is distinct from v_execution.metadata -> 'todos' then
        perform save_todo_steps(v_venture, v_execution, v_todos);
    end if;
    return (select e.seq from agent_executions e where e.venture_id = v_venture and e.id = p_execution_id);
end
$$;

-- The highest position that a todo item or a step of an execution has; 0 if none has one.
create function holdfast.last_position(p_venture_id uuid, p_execution holdfast.agent_executions) returns integer
language sql stable as $$
    select greatest(
        (select max((t.value ->> 'position')::integer) from jsonb_array_elements(p_execution.metadata -> 'todos') as t),
        (select max(s.position) from execution_steps s where s.venture_id = p_venture_id and s.execution_id = p_execution.id), 0)
$$;

create function holdfast.require_todos(p_items jsonb) returns void
language plpgsql immutable as $$
declare
    v_wrong jsonb;
begin
    if jsonb_typeof(p_items) is distinct from 'array' or jsonb_array_length(p_items) > 500 then
        perform refuse('HF005', 'items is not an array of at most 500 todo items.', 'Give the list as JSON.');
    end if;
    select i into v_wrong from jsonb_array_elements(p_items) as i
    where (i ->> 'key' <> '' and i ->> 'status' in ('pending', 'in_progress', 'completed', 'deleted')) is not true limit 1;
    if found then
        perform refuse('HF005', format('The todo item %s needs a key and a status (pending, in_progress, completed, deleted).',
            left(v_wrong::text, 200)), 'Give each item both.');
    end if;
end
$$;

-- The running execution of a session's todo list, under its lock. A list that was kept for another directive is over.
create function holdfast.todo_execution(p_venture_id uuid, p_session holdfast.claude_sessions)
returns holdfast.agent_executions
language plpgsql as $$
declare
    v_held      directives;
    v_execution agent_executions;
begin
    select d.* into v_held from directive_claims c
    join directives d on d.venture_id = c.venture_id and d.id = c.directive_id
    where c.venture_id = p_venture_id and c.session_id = p_session.id;
    perform close_todos(p_venture_id, p_session, 'the session went on to another directive', v_held.id);
    select * into v_execution from agent_executions e
    where e.venture_id = p_venture_id and e.session_id = p_session.id and e.ended_at is null and e.metadata ? 'todos'
    for no key update;
    if not found then
        v_execution.id := insert_execution(p_venture_id, coalesce(v_held.title, 'todo list'), null, '{}', p_session.agent,
            null, null, null, null, v_held.id, p_session.id, 100, null, 1, '{"todos": []}');
        perform start_execution(v_execution.id, p_session.session_id, null, p_venture_id);
        v_execution := lock_execution(p_venture_id, v_execution.id);
    end if;
    return v_execution;
end
$$;

-- The list after a change of it. Each item keeps the position of its step; new ones come after p_last.
create function holdfast.merge_todos(p_old jsonb, p_items jsonb, p_is_whole boolean, p_last integer) returns jsonb
language sql immutable as $$
    with old as (
        select o.item ->> 'key' as key, o.item, o.place from jsonb_array_elements(p_old) with ordinality as o (item, place)
    ), given as (
        select distinct on (g.item ->> 'key') g.item ->> 'key' as key, jsonb_strip_nulls(g.item) as item, g.place
        from jsonb_array_elements(p_items) with ordinality as g (item, place) order by g.item ->> 'key', g.place desc
    ), merged as (
        select coalesce(old.item, '{}') || coalesce(given.item, '{}') as item,
            case when p_is_whole then given.place else coalesce(old.place, 1000 + given.place) end as place
        from old full join given on given.key = old.key
        where given.key is not null or not p_is_whole
    ), numbered as (
        select m.place, m.item || jsonb_build_object('position', coalesce((m.item ->> 'position')::bigint,
            p_last + row_number() over (partition by m.item ? 'position' order by m.place))) as item
        from merged m where m.item ->> 'status' <> 'deleted'
    )
    select coalesce(jsonb_agg(n.item order by n.place), '[]') from numbered n
$$;

-- Writes the steps that a list implies. What was begun and is not in the list any more was skipped; what is done stays done.
create function holdfast.save_todo_steps(p_venture_id uuid, p_execution holdfast.agent_executions, p_todos jsonb)
returns void
language plpgsql as $$
declare
    v_now       timestamptz := holdfast.now();
    v_completed integer;
    v_total     integer;
    v_activity  text;
    v_seq       bigint;
begin
    insert into execution_steps as s (venture_id, execution_id, position, name, status, started_at, ended_at)
    select p_venture_id, p_execution.id, t.position, left(coalesce(t.content, t.key), 500),
        case t.status when 'completed' then 'completed' else 'running' end::execution_step_status, v_now,
        case t.status when 'completed' then v_now end
    from jsonb_to_recordset(p_todos) as t (key text, content text, status text, position integer)
    where t.status <> 'pending'
    on conflict (venture_id, execution_id, position) do update
        set name = excluded.name, status = step_after(s.status, excluded.status),
            ended_at = case when step_after(s.status, excluded.status) = 'running' then null else coalesce(s.ended_at, v_now) end;
    update execution_steps s set status = 'skipped', ended_at = v_now
    where s.venture_id = p_venture_id and s.execution_id = p_execution.id and s.status = 'running'
        and not exists (select from jsonb_array_elements(p_todos) as t where (t.value ->> 'position')::integer = s.position);
    select count(*) filter (where is_done_step(s.status)),
        jsonb_array_length(p_todos) + count(*) filter (where not exists (
            select from jsonb_array_elements(p_todos) as t where (t.value ->> 'position')::integer = s.position))
    into v_completed, v_total
    from execution_steps s where s.venture_id = p_venture_id and s.execution_id = p_execution.id;
    select left(coalesce(t.active_form, t.content, t.key), 2000) into v_activity
    from jsonb_to_recordset(p_todos) as t (key text, content text, status text, active_form text, position integer)
    where t.status = 'in_progress' order by t.position limit 1;
    update agent_executions e set
        completed_steps = v_completed, total_steps = v_total, progress = derive_progress(v_completed, v_total),
        current_activity = coalesce(v_activity, e.current_activity), heartbeat_at = v_now,
        metadata = e.metadata || jsonb_build_object('todos', p_todos), seq = e.seq + 1
    where e.venture_id = p_venture_id and e.id = p_execution.id returning e.seq into v_seq;
    perform emit(p_venture_id, 'execution', p_execution.id, v_seq, 'execution.progressed', jsonb_strip_nulls(jsonb_build_object(
        'activity', v_activity, 'completed_steps', v_completed, 'total_steps', v_total,
        'progress', derive_progress(v_completed, v_total))));
end
$$;

-- Ends the executions of a session's todo lists, those of other directives than the one it holds now or every one:
-- completed if everything in it is done, else cancelled.
create function holdfast.close_todos(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_reason text, p_directive_id uuid default null, p_every boolean default false)
returns void
language plpgsql as $$
declare
    v_execution agent_executions;
    v_reason    text;
begin
    if p_session.waiting_since is not null then
        perform credit_wait(p_venture_id, p_session.id, p_session.waiting_since, holdfast.now());
        update claude_sessions set waiting_since = holdfast.now()
        where venture_id = p_venture_id and id = p_session.id and waiting_since is not null;
    end if;
    for v_execution in
        select * from agent_executions e
        where e.venture_id = p_venture_id and e.session_id = p_session.id and e.ended_at is null and e.metadata ? 'todos'
            and (p_every or e.directive_id <> p_directive_id)
        order by e.id for no key update
    loop
        if v_execution.completed_steps = v_execution.total_steps then
            perform finish_execution(v_execution.id, 'completed', p_venture_id => p_venture_id);
        else
            v_reason := format('%s of %s todo items were done: %s', v_execution.completed_steps, v_execution.total_steps, p_reason);
            perform stop_execution(p_venture_id, v_execution, v_reason);
        end if;
    end loop;
end
$$;
