-- Taking up supervisors: new ones, ones that were given back, and ones whose worker died. Lock order: supervisor, plan, step,
-- execution, question.

-- Takes ready supervisors for a worker, or the named ones, and says of each what it finds there: a supervisor that was held
-- before is restored, and the restoration explains itself. One that has nothing left to do, or that a person has to look at,
-- is not given out.
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
    v_source  restoration_source;
    v_found   finding[];
    v_taken   integer := 0;
    v_heavy   boolean := false;
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
        if v_row.lease_epoch > 0 then
            v_source := source_of(v_row, p_source, p_ids is not null);
            v_found := array(select f from find_all(v_row, v_source) f);
            v_heavy := waits_for_executions(v_found);
            -- It waits for rows that others may hold while they wait for one of ours: so it is taken alone.
            continue when v_heavy and v_taken > 0;
        end if;
        v_taken := v_taken + 1;
        perform lease_supervisor(v_row, p_holder, v_lease);
        if v_row.lease_epoch = 0 then
            perform emit_supervisor(v_venture, v_row.id, 'supervisor.claimed', jsonb_build_object('epoch', 1, 'holder', p_holder));
        else
            perform restore_locked_supervisor(v_row, v_source, p_holder, v_found);
        end if;
        return query select s.id, s.name::text, s.handler, s.input::jsonb, s.state, s.session_id, s.directive_id, s.restoration_count,
            s.lease_epoch, s.lease_token, s.lease_expires_at, supervisor_memory(s)
        from supervisor_states s where s.venture_id = v_venture and s.id = v_row.id and s.ended_at is null and s.paused_at is null;
        exit when v_heavy;
    end loop;
end
$$;

create function holdfast.lease_supervisor(p_row holdfast.supervisor_states, p_holder text, p_lease interval) returns void
language sql as $$
    update supervisor_states set
        lease_epoch = lease_epoch + 1, lease_token = gen_random_uuid(), lease_holder = p_holder,
        lease_expires_at = holdfast.now() + p_lease, heartbeat_at = holdfast.now(), started_at = coalesce(started_at, holdfast.now())
    where venture_id = p_row.venture_id and id = p_row.id
$$;

create function holdfast.waits_for_executions(p_found holdfast.finding[]) returns boolean
language sql immutable as $$
    select exists (select from unnest(p_found) f
        where f.finding in ('execution_undone', 'execution_without_worker') or f.action = 'finish')
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

-- Ends a lease that ran out: the supervisor is ready for another worker, or stopped if it keeps dying. A death while it waited
-- in peace is not its own: a machine that sleeps every night must not end what waits for a person.
create function holdfast.expire_supervisor(p_row holdfast.supervisor_states, p_max_deaths integer) returns text
language plpgsql as $$
declare
    v_is_own boolean := p_row.state not in ('waiting_for_tasks', 'waiting_for_answers')
        or p_row.heartbeat_at < coalesce(p_row.last_restored_at, p_row.started_at) + interval '1 minute';
    v_deaths integer := p_row.deaths_in_a_row + v_is_own::integer;
begin
    update supervisor_states set deaths_in_a_row = v_deaths, lease_token = null, lease_expires_at = null
    where venture_id = p_row.venture_id and id = p_row.id;
    perform emit_supervisor(p_row.venture_id, p_row.id, 'supervisor.interrupted', jsonb_build_object(
        'holder', p_row.lease_holder, 'epoch', p_row.lease_epoch, 'expired_at', p_row.lease_expires_at,
        'deaths_in_a_row', v_deaths));
    if v_deaths >= p_max_deaths then
        p_row.lease_token := null;
        perform end_all_of_supervisor(p_row, 'failed',
            format('Stopped: it died %s times in a row without getting on.', v_deaths));
        return 'stopped';
    end if;
    return 'interrupted';
end
$$;

-- The event with which a supervisor's last lease ended.
create function holdfast.end_of_lease(p_row holdfast.supervisor_states, out type text, out at timestamptz) returns setof record
language sql stable as $$
    select e.type, coalesce((e.data ->> 'expired_at')::timestamptz, e.time) from holdfast.events e
    where e.venture_id = p_row.venture_id and e.stream_id = p_row.id
        and e.type in ('supervisor.interrupted', 'supervisor.released', 'supervisor.paused', 'supervisor.recalled', 'supervisor.rewound')
    order by e.seq desc limit 1
$$;

-- Why it is restored, unless somebody says so himself.
create function holdfast.source_of(
    p_row holdfast.supervisor_states, p_source holdfast.restoration_source, p_by_name boolean)
returns holdfast.restoration_source
language sql stable as $$
    select coalesce(p_source, p_row.restore_as, (select case
        when e.type = 'supervisor.interrupted' then 'lease_expired' when e.type <> 'supervisor.released' then 'manual'
        when p_by_name then 'task_reassigned' else 'daemon_restart' end from holdfast.end_of_lease(p_row) e)::holdfast.restoration_source,
        'daemon_restart')
$$;

-- Does what the findings say about a supervisor that its new holder has leased, and writes all of it down. `p_before` is its
-- row as the last holder left it.
create function holdfast.restore_locked_supervisor(
    p_before holdfast.supervisor_states, p_source holdfast.restoration_source, p_holder text, p_found holdfast.finding[])
returns integer
language plpgsql as $$
declare
    v_shown  finding[] := array(select f from told_findings(p_found) f);
    v_stop   finding;
    v_number integer;
begin
    select f.* into v_stop from unnest(p_found) f where f.action in ('finish', 'ask') order by f.action desc limit 1;
    update supervisor_states set restoration_count = restoration_count + 1, last_restored_at = holdfast.now(),
        restoration_source = p_source, restore_as = null, restore_from = null
    where venture_id = p_before.venture_id and id = p_before.id returning restoration_count into v_number;
    insert into supervisor_restorations (venture_id, supervisor_id, number, source, restored_at, interrupted_at, holder, outcome, epoch, context)
    select p_before.venture_id, p_before.id, v_number, p_source, holdfast.now(), (select e.at from end_of_lease(p_before) e), p_holder,
        case v_stop.action when 'finish' then 'finished' when 'ask' then 'asked' else 'went_on' end::restoration_outcome, s.lease_epoch,
        case when v_stop.action is null then context_for(p_before, v_number, p_found) else '' end
    from supervisor_states s where s.venture_id = p_before.venture_id and s.id = p_before.id;
    perform tell_findings(p_before, v_number, v_shown);
    perform set_right(p_before, p_found);
    update supervisor_restorations r set checkpoint = s.checkpoint from supervisor_states s
    where s.venture_id = p_before.venture_id and s.id = p_before.id
        and r.venture_id = s.venture_id and r.supervisor_id = s.id and r.number = v_number;
    perform emit_supervisor(p_before.venture_id, p_before.id, 'supervisor.restored', jsonb_build_object('number', v_number,
        'source', p_source, 'holder', p_holder, 'kept', (select count(*) from unnest(p_found) f where f.action = 'keep'), 'findings',
        (select coalesce(jsonb_agg(jsonb_build_object('finding', f.finding, 'subject', f.subject, 'action', f.action, 'reason', f.reason)), '[]')
            from unnest(v_shown) f where f.action <> 'keep')));
    if v_stop.action = 'finish' then
        perform finish_restored(p_before, v_stop);
    elsif v_stop.action = 'ask' then
        perform ask_about_restored(p_before, v_number, v_stop);
    end if;
    return v_number;
end
$$;

-- What of the findings is told: of many that are alike the first twenty, and how many more there are.
create function holdfast.told_findings(p_found holdfast.finding[]) returns setof holdfast.finding
language sql immutable as $$
    with counted as (
        select f.*, f.ordinality as place, row_number() over (partition by f.finding order by f.ordinality) as nth,
            count(*) over (partition by f.finding) as alike
        from unnest(p_found) with ordinality f
    )
    select c.step, c.finding, case when c.nth <= 20 then left(c.subject, 500) else format('and %s more', c.alike - 20) end,
        c.action, c.reason, case when c.nth <= 20 then c.detail else '{}' end
    from counted c where c.nth <= 21 order by c.place
$$;

-- Each finding is a row of the restoration, and an event.
create function holdfast.tell_findings(p_row holdfast.supervisor_states, p_number integer, p_shown holdfast.finding[]) returns void
language plpgsql as $$
declare
    v_seq bigint;
begin
    insert into restoration_findings (venture_id, supervisor_id, number, position, step, finding, subject, action, reason, detail)
    select p_row.venture_id, p_row.id, p_number, f.ordinality, f.step, f.finding, f.subject, f.action, f.reason, f.detail
    from unnest(p_shown) with ordinality f;
    update supervisor_states set seq = seq + cardinality(p_shown)
    where venture_id = p_row.venture_id and id = p_row.id returning seq - cardinality(p_shown) into v_seq;
    insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
    select p_row.venture_id, 'supervisor', p_row.id, v_seq + f.ordinality, pg_current_xact_id(), 'supervisor.finding', holdfast.now(),
        request_user(), jsonb_build_object('restoration', p_number, 'step', f.step, 'finding', f.finding, 'subject', f.subject,
            'action', f.action, 'detail', f.reason)
    from unnest(p_shown) with ordinality f;
end
$$;
