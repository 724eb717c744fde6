-- Writes that come over HTTP: one function for all of them, because the write, the record of its key and the check of what
-- its caller has seen are one transaction.

-- Does an action once for each key, and only if its subject still is as the caller saw it. The result says what the
-- action gave and the newest event of its subject.
create function holdfast.do_request(
    p_action text, p_arguments jsonb default '{}', p_key text default null, p_expected_seq bigint default null,
    p_venture_id uuid default null)
returns table (result jsonb, repeated boolean)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_user    text := coalesce(request_user(), '');
    v_given   jsonb := coalesce(p_arguments, '{}');
    v_digest  bytea := sha256(convert_to(p_action || v_given::text || coalesce(p_expected_seq::text, ''), 'UTF8'));
begin
    if p_key is not null then
        result := recorded_result(v_venture, v_user, p_key, p_action, v_digest);
    end if;
    repeated := result is not null;
    if not repeated then
        perform require_seq(v_venture, p_action, v_given, p_expected_seq);
        result := jsonb_build_object('value', do_action(v_venture, p_action, v_given));
        result := result || jsonb_build_object('seq', seq_after(v_venture, p_action, v_given, p_expected_seq));
        update requests r set result = done.result
        from (select result) as done where r.venture_id = v_venture and r.user_id = v_user and r.key = p_key;
    end if;
    return next;
end
$$;

-- The result of a request that was made before under a key; nothing, and the key is taken, if there was none. Of two that
-- come at once the second waits for the first one's end.
create function holdfast.recorded_result(
    p_venture_id uuid, p_user_id text, p_key text, p_action text, p_digest bytea)
returns jsonb
language plpgsql as $$
declare
    v_request requests;
begin
    insert into requests (venture_id, user_id, key, action, digest, created_at)
    values (p_venture_id, p_user_id, p_key, p_action, p_digest, holdfast.now())
    on conflict (venture_id, user_id, key) do nothing;
    if found then
        return null;
    end if;
    select * into strict v_request from requests
    where venture_id = p_venture_id and user_id = p_user_id and key = p_key;
    if v_request.digest <> p_digest then
        perform refuse('HF005', format('The Idempotency-Key %s came with another request before: %s at %s.', p_key,
            v_request.action, v_request.created_at), 'Give each request a key of its own.',
            jsonb_build_object('key', p_key, 'action', v_request.action));
    end if;
    return v_request.result;
end
$$;

create function holdfast.do_action(p_venture_id uuid, p_action text, p_given jsonb) returns jsonb
language plpgsql as $$
declare
    v_id     uuid := p_given ->> 'id';
    v_name   text := p_given ->> 'name';
    v_reason text := p_given ->> 'reason';
    v_result jsonb;
begin
    v_result := case p_action
        when 'answer_question' then to_jsonb(answer_question(v_id, p_given -> 'answer',
            p_action_digest => decode(p_given ->> 'action_digest', 'hex'), p_venture_id => p_venture_id))
        when 'dismiss_question' then to_jsonb(dismiss_question(v_id, v_reason, p_venture_id))
        when 'release_claim' then to_jsonb(release_claim(v_name, v_reason, p_venture_id))
        when 'close_session' then to_jsonb(close_session(v_name, v_reason, p_venture_id))
        when 'cancel_execution' then to_jsonb(cancel_execution(v_id, v_reason, p_venture_id))
        when 'retry_execution' then to_jsonb(retry_execution(v_id, v_reason, p_venture_id))
        when 'pause_supervisor' then to_jsonb(pause_supervisor(v_id, v_reason, p_venture_id))
        when 'resume_supervisor' then to_jsonb(resume_supervisor(v_id, v_reason, p_venture_id))
        when 'stop_supervisor' then to_jsonb(stop_supervisor(v_id, v_reason, p_venture_id))
        when 'pause_plan' then to_jsonb(pause_plan(v_id, v_reason, p_venture_id))
        when 'resume_plan' then to_jsonb(resume_plan(v_id, v_reason, p_venture_id))
        when 'stop_plan' then to_jsonb(stop_plan(v_id, v_reason, p_venture_id))
        when 'roll_plan_back' then to_jsonb(roll_plan_back(v_id, p_given ->> 'to_step', v_reason, p_venture_id))
        when 'tick_condition' then to_jsonb(tick_condition(v_id, p_given ->> 'condition_id', p_venture_id))
        when 'restore_supervisor' then to_jsonb(restore_supervisor(v_id, (p_given ->> 'from')::bigint, v_reason, p_venture_id))
        when 'rewind_supervisor' then to_jsonb(rewind_supervisor(v_id, (p_given ->> 'to')::bigint, v_reason, p_venture_id))
        when 'request_checkpoint' then to_jsonb(request_checkpoint(v_id, p_given ->> 'label', p_venture_id))
        when 'fork_supervisor' then to_jsonb(fork_supervisor(v_id, (p_given ->> 'from')::bigint, p_given ->> 'new_name', null, p_venture_id))
        when 'override_directive' then to_jsonb(override_directive(v_name,
            (p_given ->> 'status')::directive_status, v_reason, p_venture_id))
        when 'override_directive_phase' then to_jsonb(override_directive_phase(v_name,
            (p_given ->> 'phase')::directive_phase, v_reason, p_venture_id))
        when 'assign_directive' then to_jsonb(assign_directive(v_name, p_given ->> 'session_id', v_reason, p_venture_id))
        when 'add_directive' then to_jsonb(add_given_directive(p_venture_id, p_given))
        when 'create_execution' then to_jsonb(create_given_execution(p_venture_id, p_given))
        when 'create_plan' then (select to_jsonb(c) from create_plan(v_name, p_given -> 'steps',
            coalesce(p_given -> 'spec', '{}'), p_given ->> 'sd_key', p_venture_id) as c)
    end;
    if v_result is null then
        perform refuse('HF003', format('There is no action %s.', p_action), 'Look at the actions in the reference of the HTTP API.');
    end if;
    return v_result;
end
$$;

create function holdfast.add_given_directive(p_venture_id uuid, p_given jsonb) returns uuid
language sql as $$
    select holdfast.add_directive(
        p_given ->> 'name', p_given ->> 'title', p_given ->> 'parent', p_given ->> 'description',
        coalesce(p_given ->> 'status', 'draft')::holdfast.directive_status,
        coalesce(p_given ->> 'phase', 'LEAD')::holdfast.directive_phase,
        coalesce((p_given ->> 'priority')::integer, 100), p_given ->> 'verification',
        array(select jsonb_array_elements_text(coalesce(p_given -> 'needs', '[]'))),
        coalesce(p_given -> 'metadata', '{}'), p_venture_id)
$$;

create function holdfast.create_given_execution(p_venture_id uuid, p_given jsonb) returns uuid
language sql as $$
    select holdfast.create_execution(
        p_given ->> 'name', p_given ->> 'kind', coalesce(p_given -> 'input', '{}'), p_given ->> 'agent', p_given ->> 'role',
        (p_given ->> 'total_steps')::integer, (p_given ->> 'directive_id')::uuid, (p_given ->> 'session_id')::uuid,
        coalesce((p_given ->> 'priority')::integer, 100), (p_given ->> 'run_at')::timestamptz,
        coalesce((p_given ->> 'max_attempts')::integer, 3), coalesce(p_given -> 'metadata', '{}'), p_venture_id)
$$;

-- What an action changes: the row whose counter its caller may have seen. A question has no counter: its moves are counted.
create function holdfast.subject_of(p_venture_id uuid, p_action text, p_given jsonb, out id uuid, out seq bigint)
returns setof record
language sql stable as $$
    select d.id, d.seq from holdfast.directives d
    where p_action in ('override_directive', 'override_directive_phase', 'assign_directive', 'add_directive')
        and d.venture_id = p_venture_id and d.sd_key = p_given ->> 'name'
    union all
    select s.id, s.seq from holdfast.claude_sessions s
    where p_action in ('release_claim', 'close_session') and s.venture_id = p_venture_id and s.session_id = p_given ->> 'name'
    union all
    select e.id, e.seq from holdfast.agent_executions e
    where p_action in ('cancel_execution', 'retry_execution') and e.venture_id = p_venture_id and e.id = (p_given ->> 'id')::uuid
    union all
    select s.id, s.seq from holdfast.supervisor_states s
    where p_action in ('pause_supervisor', 'resume_supervisor', 'stop_supervisor', 'restore_supervisor', 'rewind_supervisor',
            'request_checkpoint', 'fork_supervisor')
        and s.venture_id = p_venture_id and s.id = (p_given ->> 'id')::uuid
    union all
    select p.id, p.seq from holdfast.plans p
    where p_action in ('pause_plan', 'resume_plan', 'stop_plan', 'roll_plan_back', 'tick_condition')
        and p.venture_id = p_venture_id and p.id = (p_given ->> 'id')::uuid
    union all
    select q.id, 1 + num_nonnulls(q.answered_at, q.delivered_at, q.acknowledged_at, q.closed_at, q.voided_at) + q.escalated from holdfast.questions q
    where p_action in ('answer_question', 'dismiss_question') and q.venture_id = p_venture_id and q.id = (p_given ->> 'id')::uuid
$$;

-- Refuses what is asked of a row that has changed since the caller read it. What is not there is refused by the action.
create function holdfast.require_seq(p_venture_id uuid, p_action text, p_given jsonb, p_expected_seq bigint) returns void
language plpgsql as $$
declare
    v_seq bigint := (select s.seq from subject_of(p_venture_id, p_action, p_given) s);
begin
    if p_expected_seq is not null and v_seq <> p_expected_seq then
        perform refuse_changed(p_expected_seq, v_seq);
    end if;
end
$$;

create function holdfast.refuse_changed(p_expected_seq bigint, p_seq bigint) returns void
language plpgsql immutable as $$
begin
    perform refuse('HF009', format('It has changed since you read it: you saw %s, it is %s now.', p_expected_seq, p_seq),
        'Read it again, and decide anew.', jsonb_build_object('expected_seq', p_expected_seq, 'seq', p_seq));
end
$$;

-- The newest event of what the action has changed. It is locked since the first of this transaction's events, so that
-- event shows whether somebody came between the look before and the lock.
create function holdfast.seq_after(p_venture_id uuid, p_action text, p_given jsonb, p_expected_seq bigint) returns bigint
language plpgsql as $$
declare
    v_id     uuid;
    v_seq    bigint;
    v_before bigint;
begin
    select s.id, s.seq into v_id, v_seq from subject_of(p_venture_id, p_action, p_given) s;
    select min(e.seq) - 1 into v_before from events e
    where e.venture_id = p_venture_id and e.stream_id = v_id and e.xid = pg_current_xact_id();
    if v_before <> p_expected_seq then
        perform refuse_changed(p_expected_seq, v_before);
    end if;
    return v_seq;
end
$$;

-- Forgets the keys that are older than anybody repeats a request.
create function holdfast.forget_requests(p_limit integer default 10000) returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_limit integer := require_limit(p_limit, 100000);
    v_count integer;
begin
    perform require_trusted('forget requests');
    delete from requests r using (
        select o.venture_id, o.user_id, o.key from requests o
        where o.created_at < holdfast.now() - interval '24 hours'
        order by o.created_at limit v_limit for update skip locked) as old
    where (r.venture_id, r.user_id, r.key) = (old.venture_id, old.user_id, old.key);
    get diagnostics v_count = row_count;
    return v_count;
end
$$;
