-- The operations on supervisors that users of an older system know, under their names. Each is one of the engine's
-- own calls: a supervisor under a lease wants its token, and zero rows is a refusal.

create function holdfast.update_supervisor_detailed_state(
    p_supervisor_id uuid, p_state holdfast.supervisor_state, p_current_activity text default null,
    p_progress numeric default null, p_error_message text default null,
    p_epoch bigint default null, p_token uuid default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
begin
    if p_state in ('completed', 'failed') then
        return finish_supervisor(p_supervisor_id, p_epoch, p_token, p_state, null, p_error_message, p_venture_id);
    end if;
    return save_supervisor(p_supervisor_id, p_epoch, p_token, p_state, p_current_activity, p_progress, null, p_venture_id);
end
$$;

-- Notes an execution as the supervisor's own. One that belongs to another supervisor is refused.
create function holdfast.add_supervisor_spawned_task(
    p_supervisor_id uuid, p_task_id uuid, p_epoch bigint default null, p_token uuid default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_row       supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
    v_execution agent_executions := lock_execution(v_venture, p_task_id);
begin
    if v_execution.supervisor_id = p_supervisor_id then
        return v_row.seq;
    elsif v_execution.supervisor_id is not null then
        perform refuse('HF004', format('The execution %s belongs to the supervisor %s.', p_task_id, v_execution.supervisor_id),
            'A task has one supervisor.', jsonb_build_object('execution_id', p_task_id, 'holder', v_execution.supervisor_id));
    end if;
    update agent_executions set supervisor_id = p_supervisor_id where venture_id = v_venture and id = p_task_id;
    return emit_supervisor(v_venture, p_supervisor_id, 'supervisor.spawned', jsonb_build_object('execution_id', p_task_id,
        'name', v_execution.name, 'checkpoint', add_save_point(v_row, 'spawn', 'execution', p_task_id, v_execution.key)));
end
$$;

create function holdfast.add_supervisor_pending_question(
    p_supervisor_id uuid, p_question text, p_options jsonb default null, p_key text default null,
    p_epoch bigint default null, p_token uuid default null, p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
begin
    return (select q.id from ask_question(p_question, p_supervisor_id, null, p_epoch, p_token, p_key, p_options,
        p_venture_id => p_venture_id) q);
end
$$;

-- Takes a question off the list: an open one is withdrawn, an answered one is consumed.
create function holdfast.remove_supervisor_pending_question(
    p_supervisor_id uuid, p_question_id uuid, p_epoch bigint default null, p_token uuid default null,
    p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_question questions := lock_question(v_venture, p_question_id);
begin
    if v_question.supervisor_id is distinct from p_supervisor_id then
        perform refuse('HF003', format('The supervisor %s has no question %s.', p_supervisor_id, p_question_id), 'Check both ids.');
    elsif v_question.status = 'open' then
        return withdraw_question(p_question_id, p_epoch, p_token, null, v_venture);
    end if;
    perform deliver_answer(p_question_id, p_epoch, p_token, v_venture);
    return acknowledge_answer(p_question_id, p_epoch, p_token, v_venture);
end
$$;

-- Saves all at once; what is not given, and what neighbours wrote into metadata, stays.
create function holdfast.save_supervisor_state_full(
    p_supervisor_id uuid, p_state holdfast.supervisor_state default null, p_current_activity text default null,
    p_progress numeric default null, p_phase text default null, p_metadata jsonb default null,
    p_epoch bigint default null, p_token uuid default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
begin
    if p_phase is not null then
        perform update_supervisor_phase(p_supervisor_id, p_phase, p_epoch, p_token, v_venture);
    end if;
    return save_supervisor(p_supervisor_id, p_epoch, p_token, p_state, p_current_activity, p_progress, p_metadata, v_venture);
end
$$;

create function holdfast.update_supervisor_phase(
    p_supervisor_id uuid, p_phase text, p_epoch bigint default null, p_token uuid default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
begin
    if p_phase is not distinct from v_row.phase then
        return v_row.seq;  -- it is there already
    end if;
    update supervisor_states set phase = p_phase where venture_id = v_venture and id = p_supervisor_id;
    return emit_supervisor(v_venture, p_supervisor_id, 'supervisor.phase_moved', jsonb_strip_nulls(jsonb_build_object(
        'from', v_row.phase, 'to', p_phase, 'checkpoint', add_save_point(v_row, 'phase', p_label => p_phase))));
end
$$;

-- A light beat: the lease is renewed; what the supervisor is doing is saved only where it changed.
create function holdfast.update_supervisor_heartbeat_state(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_current_activity text default null, p_progress numeric default null,
    p_lease_seconds double precision default 30, p_venture_id uuid default null)
returns timestamptz
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
    v_expires timestamptz;
begin
    if p_token is null then
        perform refuse('HF001', format('A beat of the supervisor %s needs the token of its lease.', p_supervisor_id), 'Bring p_epoch and p_token.');
    end if;
    if p_current_activity is distinct from v_row.current_activity and p_current_activity is not null
        or p_progress is distinct from v_row.progress and p_progress is not null then
        perform save_supervisor(p_supervisor_id, p_epoch, p_token, null, p_current_activity, p_progress, null, v_venture);
    end if;
    update supervisor_states set heartbeat_at = holdfast.now(),
        lease_expires_at = greatest(lease_expires_at, holdfast.now() + require_lease_seconds(p_lease_seconds))
    where venture_id = v_venture and id = p_supervisor_id returning lease_expires_at into v_expires;
    return v_expires;
end
$$;

-- For a coordinator of one's own that took the lease itself and now says that it has restored its work.
create function holdfast.mark_supervisor_restored(
    p_supervisor_id uuid, p_source holdfast.restoration_source, p_epoch bigint default null, p_token uuid default null,
    p_venture_id uuid default null)
returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
begin
    return restore_locked_supervisor(v_row, p_source, v_row.lease_holder, array(select f from find_all(v_row, p_source) f));
end
$$;

create function holdfast.get_supervisors_with_pending_questions(p_venture_id uuid default null)
returns table (supervisor_id uuid, name holdfast.label, state holdfast.supervisor_state, pending_questions jsonb)
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
begin
    return query select s.id, s.name, s.state, pending_questions_of(v_venture, s.id)
    from supervisor_states s
    where s.venture_id = v_venture and exists (select from questions q
        where q.venture_id = v_venture and q.supervisor_id = s.id and q.status in ('open', 'answered', 'delivered'))
    order by s.created_at limit 1000;
end
$$;

create function holdfast.pending_questions_of(p_venture_id uuid, p_supervisor_id uuid) returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object('id', q.id, 'key', q.key, 'message', q.message, 'options', q.options,
        'status', q.status, 'answer', q.answer, 'asked_at', q.created_at, 'expires_at', q.expires_at) order by q.created_at), '[]')
    from holdfast.questions q
    where q.venture_id = p_venture_id and q.supervisor_id = p_supervisor_id and q.status in ('open', 'answered', 'delivered')
$$;

-- Everything a restored coordinator asks for, in one call.
create function holdfast.get_supervisor_state_for_restoration(p_supervisor_id uuid, p_venture_id uuid default null)
returns jsonb
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
    v_state   jsonb;
begin
    select to_jsonb(s) - 'lease_token' || jsonb_build_object(
        'interrupted', s.ended_at is null and s.lease_epoch > 0 and coalesce(s.lease_expires_at <= holdfast.now(), true),
        'spawned_task_ids', (select coalesce(jsonb_agg(e.id order by e.created_at), '[]') from agent_executions e
            where e.venture_id = v_venture and e.supervisor_id = s.id),
        'pending_questions', pending_questions_of(v_venture, s.id),
        'memory', supervisor_memory(s),
        'findings', preview_restoration(s.id, null, v_venture) -> 'findings')
    into v_state from supervisor_states s where s.venture_id = v_venture and s.id = p_supervisor_id;
    if not found then
        perform refuse('HF003', format('There is no supervisor %s.', p_supervisor_id), 'Check the id and the venture.');
    end if;
    return v_state;
end
$$;

-- Of the tasks that a coordinator believes to be its own: which are, and how they stand.
create function holdfast.validate_spawned_tasks(p_supervisor_id uuid, p_task_ids uuid[] default null, p_venture_id uuid default null)
returns table (task_id uuid, valid boolean, status holdfast.execution_status, reason text)
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
begin
    return query
    select t.id, coalesce(e.supervisor_id = p_supervisor_id, false), e.status,
        case when e.id is null then 'there is no such execution'
            when e.supervisor_id is distinct from p_supervisor_id then 'it belongs to another supervisor'
            when e.ended_at is not null then 'it has ended'
            when e.status = 'running' and coalesce(e.lease_expires_at <= holdfast.now(), e.kind is not null) then 'its worker is gone; another takes it up'
            else 'it is under way' end
    from (select unnest(p_task_ids) as id union
        select x.id from agent_executions x where x.venture_id = v_venture and x.supervisor_id = p_supervisor_id and p_task_ids is null) t
    left join agent_executions e on e.venture_id = v_venture and e.id = t.id;
end
$$;
