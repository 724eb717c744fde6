-- Taking up supervisors: new ones, ones that were given back, and ones whose worker died.

-- Takes ready supervisors for a worker, or the named ones, and says of each what it finds there: a supervisor that
-- was held before is restored, and the restoration explains itself.
create function holdfast.claim_supervisors(
    p_holder text, p_handlers text[] default null, p_limit integer default 1, p_lease_seconds double precision default 30,
    p_ids uuid[] default null, p_source holdfast.restoration_source default null, p_max_deaths integer default 5,
    p_venture_id uuid default null)
returns table (id uuid, name text, handler text, input jsonb, state holdfast.supervisor_state, session_id uuid,
    directive_id uuid, restoration_count integer, epoch bigint, token uuid, expires_at timestamptz, memory jsonb)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_lease   interval := require_lease_seconds(p_lease_seconds);
    v_limit   integer := require_limit(p_limit, 1000);
    v_row     supervisor_states;
begin
    if p_ids is not null then
        perform expire_named_supervisors(v_venture, p_ids, p_max_deaths);
    end if;
    for v_row in
        select s.* from supervisor_states s
        where s.venture_id = v_venture and s.ended_at is null and s.lease_token is null and s.paused_at is null
            and case when p_ids is null then s.handler = any (p_handlers) else s.id = any (p_ids) end
        order by s.priority, s.created_at
        limit v_limit for no key update skip locked
    loop
        update supervisor_states s set
            lease_epoch = s.lease_epoch + 1, lease_token = gen_random_uuid(), lease_holder = p_holder,
            lease_expires_at = holdfast.now() + v_lease, heartbeat_at = holdfast.now(),
            started_at = coalesce(s.started_at, holdfast.now())
        where s.venture_id = v_venture and s.id = v_row.id
        returning s.id, s.name, s.handler, s.input, s.state, s.session_id, s.directive_id, s.lease_epoch, s.lease_token,
            s.lease_expires_at
        into id, name, handler, input, state, session_id, directive_id, epoch, token, expires_at;
        if v_row.lease_epoch = 0 then
            restoration_count := 0;
            perform emit_supervisor(v_venture, id, 'supervisor.claimed', jsonb_build_object('epoch', epoch, 'holder', p_holder));
        else
            restoration_count := restore_supervisor(v_row, p_source, p_holder);
        end if;
        memory := supervisor_memory(v_venture, id);
        return next;
    end loop;
end
$$;

-- Somebody asks for these by name: a lease that ran out is ended here rather than waiting for the reaper, one that
-- lives refuses.
create function holdfast.expire_named_supervisors(p_venture_id uuid, p_ids uuid[], p_max_deaths integer) returns void
language plpgsql as $$
declare
    v_row supervisor_states;
begin
    for v_row in
        select * from supervisor_states where venture_id = p_venture_id and id = any (p_ids) order by id for no key update
    loop
        if v_row.ended_at is not null then
            perform require_drawn('supervisor', v_row.id::text, v_row.state::text, 'working', false);
        elsif v_row.lease_expires_at > holdfast.now() then
            perform refuse('HF004', format('The supervisor %s is held by %s until %s.', v_row.id, v_row.lease_holder,
                v_row.lease_expires_at), 'Wait until its lease ends.', jsonb_build_object('supervisor_id', v_row.id,
                'holder', v_row.lease_holder, 'until', v_row.lease_expires_at));
        elsif v_row.paused_at is not null then
            perform refuse('HF010', format('The supervisor %s was paused by %s at %s.', v_row.id,
                coalesce(v_row.paused_by, 'an operator'), v_row.paused_at), 'Resume it first.',
                jsonb_build_object('supervisor_id', v_row.id, 'paused_at', v_row.paused_at));
        elsif v_row.lease_token is not null then
            perform expire_supervisor(v_row, p_max_deaths);
        end if;
        p_ids := array_remove(p_ids, v_row.id);
    end loop;
    if cardinality(p_ids) > 0 then
        perform refuse('HF003', format('There is no supervisor %s.', p_ids[1]), 'Check the id and the venture.');
    end if;
end
$$;

-- Ends a lease that ran out: the supervisor is ready for another worker, or stopped if it keeps dying.
create function holdfast.expire_supervisor(p_row holdfast.supervisor_states, p_max_deaths integer) returns text
language plpgsql as $$
declare
    v_deaths integer := p_row.deaths_in_a_row + 1;
begin
    update supervisor_states set deaths_in_a_row = v_deaths, lease_token = null, lease_expires_at = null
    where venture_id = p_row.venture_id and id = p_row.id;
    perform emit_supervisor(p_row.venture_id, p_row.id, 'supervisor.interrupted', jsonb_build_object(
        'holder', p_row.lease_holder, 'epoch', p_row.lease_epoch, 'expired_at', p_row.lease_expires_at,
        'deaths_in_a_row', v_deaths));
    if v_deaths >= p_max_deaths then
        p_row.lease_token := null;
        perform end_supervisor(p_row, 'failed', null,
            format('Stopped: it died %s times in a row without getting on.', v_deaths));
        return 'stopped';
    end if;
    return 'interrupted';
end
$$;

-- Writes down what a restoration finds and what is done about each finding.
create function holdfast.restore_supervisor(
    p_before holdfast.supervisor_states, p_source holdfast.restoration_source, p_holder text)
returns integer
language plpgsql as $$
declare
    v_number         integer;
    v_interrupted_at timestamptz;
    v_ended_by       text;
    v_findings       jsonb;
    v_source         restoration_source;
begin
    select coalesce((e.data ->> 'expired_at')::timestamptz, e.time), e.type
    into v_interrupted_at, v_ended_by from events e
    where e.venture_id = p_before.venture_id and e.stream_id = p_before.id
        and e.type in ('supervisor.interrupted', 'supervisor.released', 'supervisor.paused')
    order by e.seq desc limit 1;
    v_source := coalesce(p_source, case v_ended_by when 'supervisor.interrupted' then 'lease_expired'
        when 'supervisor.paused' then 'manual' else 'daemon_restart' end::restoration_source);
    v_findings := supervisor_findings(p_before);
    update supervisor_states set restoration_count = restoration_count + 1, last_restored_at = holdfast.now(),
        restoration_source = v_source
    where venture_id = p_before.venture_id and id = p_before.id returning restoration_count into v_number;
    insert into supervisor_restorations (venture_id, supervisor_id, number, source, restored_at, interrupted_at, holder, findings)
    values (p_before.venture_id, p_before.id, v_number, v_source, holdfast.now(), v_interrupted_at, p_holder, v_findings);
    perform emit_supervisor(p_before.venture_id, p_before.id, 'supervisor.restored', jsonb_build_object(
        'number', v_number, 'source', v_source, 'holder', p_holder, 'findings', v_findings));
    return v_number;
end
$$;

-- One row a finding: what was found, about what, which action follows, and why.
create function holdfast.supervisor_findings(p_row holdfast.supervisor_states) returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_object('finding', f.finding, 'subject', f.subject, 'action', f.action, 'reason', f.reason)
        order by f.rank, f.subject), '[]')
    from (
        select 1, 'state', p_row.state::text, 'keep', 'a live state: the work is still open'
        union all
        select 2, 'step_completed', s.name, 'keep', 'its result is kept; it does not run again'
        from supervisor_steps s
        where s.venture_id = p_row.venture_id and s.supervisor_id = p_row.id and s.status = 'completed'
        union all
        select 3, 'step_interrupted', s.name, 'repair', format('it was running in attempt %s; it runs again, and is told so', s.attempt)
        from supervisor_steps s
        where s.venture_id = p_row.venture_id and s.supervisor_id = p_row.id and s.status = 'running'
        union all
        select 4, 'execution_' || case when e.ended_at is null and e.status = 'running'
                and (e.lease_expires_at is null or e.lease_expires_at <= holdfast.now()) then 'interrupted' else e.status::text end,
            coalesce(e.key, e.name),
            case when e.ended_at is null and e.status = 'running'
                and (e.lease_expires_at is null or e.lease_expires_at <= holdfast.now()) then 'repair' else 'keep' end,
            case when e.ended_at is not null then 'its outcome is kept'
                when e.status = 'running' and e.lease_expires_at > holdfast.now() then 'it is under a lease of its own; if its worker died too, another takes it up after that'
                when e.status = 'running' then 'its worker died too; another takes it up'
                else 'it waits for a worker' end
        from agent_executions e
        where e.venture_id = p_row.venture_id and e.supervisor_id = p_row.id
        union all
        select 5, 'question_' || q.status, coalesce(q.key, q.message),
            'keep',
            case when q.status = 'open' then 'it is still open and is asked again'
                when q.status in ('answered', 'delivered') then 'its answer was not consumed and is handed over'
                else 'it is settled' end
        from questions q
        where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id
        union all
        select 6, 'directive_' || d.status, d.sd_key,
            case when d.status = 'active' then 'keep' else 'stop and ask a person' end,
            case when d.status = 'active' then 'it is still to be done' else 'it is no longer open' end
        from directives d where d.venture_id = p_row.venture_id and d.id = p_row.directive_id
    ) as f (rank, finding, subject, action, reason)
$$;

-- What a supervisor's function needs to go on without asking again: finished steps, spawned executions, questions.
create function holdfast.supervisor_memory(p_venture_id uuid, p_supervisor_id uuid) returns jsonb
language sql stable as $$
    select jsonb_build_object(
        'steps', (select coalesce(jsonb_object_agg(s.name, jsonb_build_object(
                'status', s.status, 'attempt', s.attempt, 'result', s.result)), '{}')
            from supervisor_steps s where s.venture_id = p_venture_id and s.supervisor_id = p_supervisor_id),
        'executions', (select coalesce(jsonb_object_agg(e.key, e.id), '{}')
            from agent_executions e where e.venture_id = p_venture_id and e.supervisor_id = p_supervisor_id and e.key is not null),
        'questions', (select coalesce(jsonb_object_agg(q.key, q.id), '{}')
            from questions q where q.venture_id = p_venture_id and q.supervisor_id = p_supervisor_id and q.key is not null))
$$;
