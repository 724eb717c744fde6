-- What an agent does through its tools: one function for all of them, because a call and the record of its id are one
-- transaction. Lock order: session, directive, claim, execution, question.

-- Does what a tool is for, once for each id. A call that was made before under the same id changes nothing and is given
-- what the first one was given. Whatever the tool, it tells what the session holds afterwards.
create function holdfast.call_tool(
    p_session_id text, p_epoch bigint, p_token uuid, p_tool text, p_arguments jsonb default '{}',
    p_key text default null, p_believed_key text default null, p_lease_seconds double precision default 30,
    p_venture_id uuid default null)
returns table (
    result jsonb, repeated boolean, sd_key text, phase holdfast.directive_phase,
    claim_epoch bigint, claim_token uuid)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
    v_given   jsonb := jsonb_strip_nulls(coalesce(p_arguments, '{}'));
begin
    result := recorded_call(v_venture, v_session.id, p_tool, p_key);
    repeated := result is not null;
    if not repeated then
        result := case p_tool
            when 'claim_work' then tool_claim(v_venture, v_session, p_lease_seconds, p_believed_key, v_given)
            when 'report_progress' then tool_report(v_venture, v_session, p_believed_key, v_given)
            when 'log' then tool_log(v_venture, v_session, p_believed_key, v_given)
            when 'ask_human' then tool_ask(v_venture, v_session, p_key, v_given)
            when 'check_answers' then tool_answers(v_venture, v_session, v_given)
            when 'complete_work' then tool_complete(v_venture, v_session, p_believed_key, v_given)
            when 'block_work' then tool_block(v_venture, v_session, p_believed_key, v_given)
            when 'spawn' then tool_spawn(v_venture, v_session, v_given) end;
        if result is null then
            perform refuse('HF003', format('There is no tool %s.', p_tool), 'List the tools of the server.');
        end if;
        if p_key is not null then
            insert into tool_calls (venture_id, session_id, key, tool, result, created_at)
            values (v_venture, v_session.id, p_key, p_tool, result, holdfast.now());
        end if;
    end if;
    select w.sd_key, w.phase, w.epoch, w.token into sd_key, phase, claim_epoch, claim_token
    from held_work(v_venture, v_session.id) w where w.is_held;
    return next;
end
$$;

-- What a call was given that was made under an id before, or nothing.
create function holdfast.find_tool_call(
    p_session_id text, p_epoch bigint, p_token uuid, p_tool text, p_key text, p_venture_id uuid default null)
returns jsonb
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
begin
    return recorded_call(v_venture, (require_session(v_venture, p_session_id, p_epoch, p_token)).id, p_tool, p_key);
end
$$;

create function holdfast.recorded_call(p_venture_id uuid, p_session_id uuid, p_tool text, p_key text) returns jsonb
language plpgsql stable as $$
declare
    v_call tool_calls;
begin
    select * into v_call from tool_calls where venture_id = p_venture_id and session_id = p_session_id and key = p_key;
    if v_call.tool <> p_tool then
        perform refuse('HF009', format('The id %s is that of a call of %s before.', p_key, v_call.tool),
            'Give each call an id of its own.', jsonb_build_object('key', p_key, 'tool', v_call.tool));
    end if;
    return v_call.result;
end
$$;

-- Forgets the calls that are older than anybody repeats them.
create function holdfast.forget_tool_calls(p_retention_days integer, p_limit integer default 10000) returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_limit integer := require_limit(p_limit, 100000);
    v_count integer;
begin
    perform require_trusted('forget tool calls');
    delete from tool_calls t using (
        select c.venture_id, c.session_id, c.key from tool_calls c
        where c.created_at < holdfast.now() - make_interval(days => p_retention_days)
        order by c.created_at limit v_limit for update skip locked) as old
    where (t.venture_id, t.session_id, t.key) = (old.venture_id, old.session_id, old.key);
    get diagnostics v_count = row_count;
    return v_count;
end
$$;

-- What a session holds, also where its lease ran out; the claim is read without its lock, whoever writes is fenced later.
create function holdfast.held_work(p_venture_id uuid, p_session_id uuid)
returns table (
    id uuid, sd_key text, title holdfast.title, phase holdfast.directive_phase, verification text, epoch bigint, token uuid,
    expires_at timestamptz, is_held boolean)
language sql stable as $$
    select d.id, d.sd_key, d.title, d.phase, d.verification, c.lease_epoch, c.lease_token, c.lease_expires_at,
        c.lease_expires_at > holdfast.now()
    from holdfast.directive_claims c
    join holdfast.directives d on d.venture_id = c.venture_id and d.id = c.directive_id
    where c.venture_id = p_venture_id and c.session_id = p_session_id
$$;

-- Why a session does not hold any more what it believes to hold, or nothing.
create function holdfast.explain_lost_work(p_venture_id uuid, p_session holdfast.claude_sessions, p_believed_key text)
returns text
language plpgsql stable as $$
declare
    v_now  record;
begin
    select d.sd_key, d.status, d.is_held, d.claimed_by, d.claimed_at, d.lease_expires_at into v_now
    from v_directives d where d.venture_id = p_venture_id and d.sd_key = p_believed_key;
    if not found or v_now.is_held and v_now.claimed_by = p_session.session_id then
        return null;
    elsif v_now.status <> 'active' then
        return format('%s is %s now; nobody holds it.', v_now.sd_key, v_now.status);
    elsif v_now.is_held then
        return format('%s was lost: %s holds it since %s, until %s.', v_now.sd_key, v_now.claimed_by, v_now.claimed_at,
            v_now.lease_expires_at);
    elsif v_now.claimed_by = p_session.session_id then
        return format('%s was lost: its lease ran out at %s.', v_now.sd_key, v_now.lease_expires_at);
    end if;
    return format('%s was lost: it was given back, nobody holds it now.', v_now.sd_key);
end
$$;

-- Refuses who goes on with work that it has lost; says to whom.
create function holdfast.refuse_lost_work(p_venture_id uuid, p_session holdfast.claude_sessions, p_believed_key text)
returns void
language plpgsql as $$
declare
    v_why text := explain_lost_work(p_venture_id, p_session, p_believed_key);
begin
    if v_why is not null then
        perform refuse('HF001', v_why, 'Stop that work; claim what you go on with by claim_work.',
            jsonb_build_object('noun', 'directive', 'name', p_believed_key));
    end if;
end
$$;

-- For a tool that cannot do without work: that the session holds some, and has not lost what it believes to hold.
create function holdfast.require_work(p_venture_id uuid, p_session holdfast.claude_sessions, p_believed_key text)
returns void
language plpgsql as $$
begin
    perform refuse_lost_work(p_venture_id, p_session, p_believed_key);
    if not exists (select from held_work(p_venture_id, p_session.id)) then
        perform refuse('HF003', format('The session %s holds no directive.', p_session.session_id),
            'Claim one first with claim_work.', jsonb_build_object('session_id', p_session.session_id));
    end if;
end
$$;

-- claim_work: the named directive, or the next one that is free. What is held already is not claimed anew, so that
-- nobody else in the session loses the token that it works under.
create function holdfast.tool_claim(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_lease_seconds double precision, p_believed_key text,
    p_given jsonb)
returns jsonb
language plpgsql as $$
declare
    v_key    text := p_given ->> 'key';
    v_switch boolean := coalesce((p_given ->> 'switch')::boolean, false);
    v_held   record;
    v_made   record;
begin
    select * into v_held from held_work(p_venture_id, p_session.id) w where w.is_held;
    if v_held.sd_key = v_key or v_held.sd_key is not null and v_key is null and not v_switch then
        return jsonb_build_object('claimed', v_held.sd_key, 'how', 'held already', 'until', v_held.expires_at);
    end if;
    v_key := coalesce(v_key, last_held(p_venture_id, p_session.id), next_claimable(p_venture_id, p_session.id));
    if v_key is null then
        return jsonb_build_object('claimed', null,
            'why', 'Nothing is free: what is active is held, or waits for other work.');
    elsif v_switch then
        select * into v_made from switch_directive(p_session.session_id, p_session.lease_epoch, p_session.lease_token,
            v_key, p_lease_seconds, null, p_venture_id);
    else
        select *, null as released into v_made from claim_directive(p_session.session_id, p_session.lease_epoch,
            p_session.lease_token, v_key, p_lease_seconds, null, p_venture_id);
    end if;
    return jsonb_strip_nulls(jsonb_build_object('claimed', v_key, 'how', v_made.mechanism, 'until', v_made.expires_at,
        'taken_from', v_made.taken_from, 'released', v_made.released,
        'lost', case when p_believed_key not in (v_key, coalesce(v_made.released, v_key))
            then explain_lost_work(p_venture_id, p_session, p_believed_key) end));
end
$$;

-- What a session held when its lease ran out, unless another has taken it or it is over.
create function holdfast.last_held(p_venture_id uuid, p_session_id uuid) returns text
language sql stable as $$
    select w.sd_key from holdfast.held_work(p_venture_id, p_session_id) w
    join holdfast.directives d on d.venture_id = p_venture_id and d.id = w.id and d.status = 'active'
    where not w.is_held
$$;

-- The first directive that a session could claim, locked: tree by tree, by priority, then age, as a walk picks it. Who
-- looks waits for who walks, so of two at once the second sees what the first has taken.
create function holdfast.next_claimable(p_venture_id uuid, p_session_id uuid) returns text
language plpgsql as $$
declare
    v_next directives;
begin
    perform pg_advisory_xact_lock(hashtextextended('holdfast.advance/' || p_venture_id, 0));
    v_next := first_claimable(p_venture_id, p_session_id);
    perform lock_directives(p_venture_id, p_session_id, v_next.id);
    if first_claimable(p_venture_id, p_session_id) is distinct from v_next then
        raise exception using errcode = 'serialization_failure',  -- a client makes such a call again by itself
            message = 'The directives changed while one was picked.', hint = 'Nothing was changed: make the same call again.';
    end if;
    return v_next.sd_key;
end
$$;

create function holdfast.first_claimable(p_venture_id uuid, p_session_id uuid) returns holdfast.directives
language plpgsql stable as $$
declare
    v_root uuid;
    v_next directives;
begin
    for v_root in
        select d.id from directives d where d.venture_id = p_venture_id and d.status = 'active' and d.parent_id is null
        order by d.priority, d.created_at, d.id limit 1000
    loop
        select d.* into v_next from directives d
        where d.venture_id = p_venture_id and d.id = next_directive(p_venture_id, v_root, p_session_id, null, null);
        exit when found;
    end loop;
    return v_next;
end
$$;

-- report_progress: the list of steps is the session's todo list, from which its progress is derived.
create function holdfast.tool_report(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_believed_key text, p_given jsonb)
returns jsonb
language plpgsql as $$
declare
    v_work      record;
    v_execution agent_executions;
begin
    if not p_given ?| array['steps', 'activity', 'phase'] then
        perform refuse('HF005', 'Nothing was reported.', 'Give steps, an activity or a phase.');
    end if;
    perform refuse_lost_work(p_venture_id, p_session, p_believed_key);
    select * into v_work from held_work(p_venture_id, p_session.id);
    if p_given ? 'phase' and (p_given ->> 'phase' = v_work.phase::text) is not true then
        perform require_work(p_venture_id, p_session, p_believed_key);
        perform move_directive_phase(v_work.sd_key, (p_given ->> 'phase')::directive_phase, p_given ->> 'reason',
            v_work.epoch, v_work.token, p_venture_id);
    end if;
    if p_given ? 'steps' then
        perform record_todos(p_session.session_id, p_session.lease_epoch, p_session.lease_token,
            steps_as_todos(p_given -> 'steps'), true, p_venture_id);
    end if;
    v_execution := todo_execution(p_venture_id, p_session);
    if p_given ? 'activity' then
        perform save_executions(array[v_execution.id], array[null]::bigint[], array[null]::uuid[],
            array[p_given ->> 'activity'], p_venture_id => p_venture_id);
    end if;
    return jsonb_strip_nulls(jsonb_build_object('directive', v_work.sd_key, 'phase', coalesce(p_given ->> 'phase', v_work.phase::text),
        'percent', v_execution.progress, 'completed_steps', v_execution.completed_steps, 'total_steps', v_execution.total_steps,
        'activity', coalesce(p_given ->> 'activity', v_execution.current_activity)));
end
$$;

-- Steps of one name are told apart by their number, as in the todo lists that hooks bring.
create function holdfast.steps_as_todos(p_steps jsonb) returns jsonb
language sql immutable parallel safe as $$
    select coalesce(jsonb_agg(jsonb_build_object('content', s.name, 'status', s.status,
        'key', s.name || case when s.nth > 1 then ' #' || s.nth else '' end) order by s.place), '[]')
    from (select i.value ->> 'name' as name, i.value ->> 'status' as status, i.place,
            row_number() over (partition by i.value ->> 'name' order by i.place) as nth
        from jsonb_array_elements(p_steps) with ordinality as i (value, place)) s
$$;

-- Ends what a session tracked of a directive; a session that tracked nothing is no error.
create function holdfast.end_tracking(
    p_venture_id uuid, p_session_id uuid, p_directive_id uuid, p_status holdfast.execution_status, p_text text)
returns void
language plpgsql as $$
begin
    perform finish_execution(e.id, p_status, null, null,
        case when p_status = 'completed' then jsonb_strip_nulls(jsonb_build_object('summary', p_text)) end, p_text, p_venture_id)
    from agent_executions e where e.venture_id = p_venture_id and e.session_id = p_session_id
        and e.directive_id = p_directive_id and e.ended_at is null and e.metadata ? 'todos';
end
$$;

create function holdfast.tool_log(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_believed_key text, p_given jsonb)
returns jsonb
language plpgsql as $$
declare
    v_execution agent_executions;
    v_refused   record;
begin
    perform refuse_lost_work(p_venture_id, p_session, p_believed_key);
    v_execution := todo_execution(p_venture_id, p_session);
    select * into v_refused from append_logs(array[v_execution.id], array[null]::bigint[], array[null]::uuid[],
        array[coalesce(p_given ->> 'level', 'info')]::log_level[], array[p_given ->> 'message'],
        array[p_given -> 'data'], p_venture_id);
    if v_refused.code is not null then
        perform refuse(v_refused.code, v_refused.reason, 'Read its state again with get_context.');
    end if;
    return jsonb_build_object('line', v_execution.log_count + 1);
end
$$;

-- ask_human: the question outlives this call; its id is the ticket for its answer.
create function holdfast.tool_ask(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_key text, p_given jsonb)
returns jsonb
language plpgsql as $$
declare
    v_asked record;
begin
    select * into v_asked from ask_question(p_given ->> 'question', p_session_id => p_session.session_id,
        p_epoch => p_session.lease_epoch, p_token => p_session.lease_token, p_key => p_key,
        p_options => p_given -> 'options', p_schema => p_given -> 'answer_schema', p_audience => p_given -> 'audience',
        p_default_answer => p_given -> 'default', p_expires_in_seconds => (p_given ->> 'expires_in_minutes')::double precision * 60,
        p_on_expiry => (p_given ->> 'on_expiry')::question_expiry, p_action => p_given -> 'action', p_venture_id => p_venture_id,
        p_context => jsonb_strip_nulls(jsonb_build_object('text', p_given ->> 'context',
            'sd_key', (select w.sd_key from held_work(p_venture_id, p_session.id) w))));
    return jsonb_build_object('ticket', v_asked.id, 'status', v_asked.status);
end
$$;

-- check_answers: hands over what was answered, and again what was handed over and not acknowledged. Only what is named
-- in `acknowledge` is consumed.
create function holdfast.tool_answers(p_venture_id uuid, p_session holdfast.claude_sessions, p_given jsonb)
returns jsonb
language plpgsql as $$
declare
    v_ticket   text;
    v_question record;
    v_before   uuid[];
begin
    for v_ticket in select t from jsonb_array_elements_text(coalesce(p_given -> 'acknowledge', '[]')) as t order by t loop
        if not exists (select from questions q where q.venture_id = p_venture_id and q.id = v_ticket::uuid
            and q.session_id = p_session.id) then
            perform refuse('HF003', format('This session has no question with the ticket %s.', v_ticket),
                'Acknowledge the tickets that check_answers shows.', jsonb_build_object('ticket', v_ticket));
        end if;
        perform acknowledge_answer(v_ticket::uuid, p_session.lease_epoch, p_session.lease_token, p_venture_id);
    end loop;
    v_before := array(select q.id from questions q
        where q.venture_id = p_venture_id and q.session_id = p_session.id and q.status = 'delivered');
    for v_question in
        select q.id from questions q where q.venture_id = p_venture_id and q.session_id = p_session.id
            and q.status = 'answered' order by q.id limit 50
    loop
        perform deliver_answer(v_question.id, p_session.lease_epoch, p_session.lease_token, p_venture_id);
    end loop;
    return jsonb_build_object(
        'answers', answers_of(p_venture_id, p_session.id, 'delivered', v_before),
        'open', answers_of(p_venture_id, p_session.id, 'open', '{}'));
end
$$;

-- The questions of a session in a status, oldest first.
create function holdfast.answers_of(
    p_venture_id uuid, p_session_id uuid, p_status holdfast.question_status, p_before uuid[])
returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('ticket', q.id, 'question', left(q.message, 500),
        'answered', q.answer, 'by', q.answered_by, 'asked_at', q.created_at,
        'handed_over_before', case when q.id = any (p_before) then true end)) order by q.id), '[]')
    from (select * from holdfast.questions q
        where q.venture_id = p_venture_id and q.session_id = p_session_id and q.status = p_status
        order by q.id limit 50) q
$$;

-- complete_work: who says that its work is done has used the answers that it was given for it.
create function holdfast.tool_complete(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_believed_key text, p_given jsonb)
returns jsonb
language plpgsql as $$
declare
    v_work     record;
    v_question record;
    v_parent   record;
begin
    perform require_work(p_venture_id, p_session, p_believed_key);
    select * into v_work from held_work(p_venture_id, p_session.id);
    perform move_directive(v_work.sd_key, 'completed', p_given ->> 'summary', v_work.epoch, v_work.token,
        p_given -> 'evidence', p_venture_id => p_venture_id);
    perform end_tracking(p_venture_id, p_session.id, v_work.id, 'completed', p_given ->> 'summary');
    for v_question in
        select q.id from questions q where q.venture_id = p_venture_id and q.session_id = p_session.id
            and q.status = 'delivered' and q.context ->> 'sd_key' = v_work.sd_key order by q.id
    loop
        perform acknowledge_answer(v_question.id, p_session.lease_epoch, p_session.lease_token, p_venture_id);
    end loop;
    select p.sd_key, p.completed_children, p.total_children into v_parent from v_directives p
    join directives d on d.venture_id = p.venture_id and d.parent_id = p.id
    where d.venture_id = p_venture_id and d.id = v_work.id;
    return jsonb_strip_nulls(jsonb_build_object('completed', v_work.sd_key, 'parent', v_parent.sd_key,
        'parent_completed', v_parent.completed_children, 'parent_total', v_parent.total_children));
end
$$;

create function holdfast.tool_block(
    p_venture_id uuid, p_session holdfast.claude_sessions, p_believed_key text, p_given jsonb)
returns jsonb
language plpgsql as $$
declare
    v_work record;
begin
    perform require_work(p_venture_id, p_session, p_believed_key);
    select * into v_work from held_work(p_venture_id, p_session.id);
    perform move_directive(v_work.sd_key, 'blocked', p_given ->> 'reason', v_work.epoch, v_work.token,
        p_venture_id => p_venture_id);
    perform end_tracking(p_venture_id, p_session.id, v_work.id, 'failed', 'blocked: ' || (p_given ->> 'reason'));
    return jsonb_build_object('blocked', v_work.sd_key, 'reason', p_given ->> 'reason');
end
$$;

-- spawn: an execution for a worker, under the directive that the session holds.
create function holdfast.tool_spawn(p_venture_id uuid, p_session holdfast.claude_sessions, p_given jsonb)
returns jsonb
language plpgsql as $$
declare
    v_work record;
begin
    select * into v_work from held_work(p_venture_id, p_session.id) w where w.is_held;
    return jsonb_build_object('status', 'pending', 'execution', create_execution(p_given ->> 'name', p_given ->> 'kind',
        coalesce(p_given -> 'input', '{}'), p_given ->> 'agent', p_given ->> 'role', p_directive_id => v_work.id,
        p_session_id => p_session.id, p_venture_id => p_venture_id));
end
$$;
