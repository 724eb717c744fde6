-- What a person is asked. Lock order: the asker, then the question.

-- Asks, or finds what was asked under the same key before. What was asked about another action is void: it is asked anew.
create function holdfast.ask_question(
    p_message text, p_supervisor_id uuid default null, p_session_id text default null,
    p_epoch bigint default null, p_token uuid default null, p_key text default null, p_options jsonb default null,
    p_expires_in_seconds double precision default null, p_default_answer jsonb default null,
    p_context jsonb default '{}', p_plan_id uuid default null, p_step_key text default null,
    p_audience jsonb default null, p_schema jsonb default null, p_on_expiry holdfast.question_expiry default null,
    p_action jsonb default null, p_escalation jsonb default null, p_blocks jsonb default null,
    p_venture_id uuid default null)
returns table (id uuid, status holdfast.question_status, answer jsonb)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz := holdfast.now();
    v_session uuid := fence_asker(v_venture, p_supervisor_id, p_session_id, p_epoch, p_token);
    v_before  questions := asked_before(v_venture, coalesce(p_supervisor_id, v_session), p_key);
begin
    if v_before.id is not null and (p_action is null or v_before.action_digest is not distinct from action_digest(p_action)) then
        return query select v_before.id, v_before.status, v_before.answer::jsonb;
        return;
    end if;
    perform require_askable(p_options, p_schema, p_default_answer, p_audience, p_expires_in_seconds, p_on_expiry, p_escalation);
    if v_before.id is not null then
        perform void_question(v_before, 'What it was about has changed.');
    end if;
    id := uuid7();
    status := 'open';
    insert into questions (venture_id, id, supervisor_id, session_id, plan_id, step_key, key, message, options, context,
        default_answer, status, created_at, expires_at, audience, schema, on_expiry, escalation, action, action_digest, blocks)
    values (v_venture, id, p_supervisor_id, v_session, p_plan_id, p_step_key, p_key, p_message, p_options,
        coalesce(p_context, '{}'), p_default_answer, status, v_now, v_now + make_interval(secs => p_expires_in_seconds),
        p_audience, p_schema, coalesce(p_on_expiry, 'default'), p_escalation, p_action, action_digest(p_action),
        blocked_by_question(v_venture, p_supervisor_id, v_session, p_plan_id, p_step_key, p_blocks));
    perform emit_question(v_venture, p_supervisor_id, v_session, 'asked', id,
        jsonb_build_object('message', left(p_message, 500), 'options', p_options, 'audience', p_audience,
            'instead_of', v_before.id));
    return next;
end
$$;

-- Who asks, under its lock: gives the session's row, or nothing where it is a supervisor.
create function holdfast.fence_asker(
    p_venture_id uuid, p_supervisor_id uuid, p_session_id text, p_epoch bigint, p_token uuid)
returns uuid
language plpgsql as $$
begin
    if num_nonnulls(p_supervisor_id, p_session_id) <> 1 then
        perform refuse('HF005', 'A question has one asker.', 'Give p_supervisor_id or p_session_id.');
    elsif p_supervisor_id is not null then
        perform fence_supervisor(p_venture_id, p_supervisor_id, p_epoch, p_token);
        return null;
    end if;
    return (fence_session(p_venture_id, p_session_id, p_epoch, p_token)).id;
end
$$;

-- What an asker, whose row is locked, has asked under a key; locked too.
create function holdfast.asked_before(p_venture_id uuid, p_asker uuid, p_key text) returns holdfast.questions
language sql as $$
    select q.* from holdfast.questions q
    where q.venture_id = p_venture_id and coalesce(q.supervisor_id, q.session_id) = p_asker and q.key = p_key
        and q.voided_at is null for no key update
$$;

create function holdfast.require_askable(
    p_options jsonb, p_schema jsonb, p_default_answer jsonb, p_audience jsonb, p_expires_in_seconds double precision,
    p_on_expiry holdfast.question_expiry, p_escalation jsonb)
returns void
language plpgsql as $$
declare
    v_fault text := schema_fault(p_schema);
begin
    if num_nonnulls(p_options, p_schema) > 1 then
        perform refuse('HF005', 'options and schema are both given.', 'Give the one that says what an answer is.');
    elsif p_schema is not null and v_fault is not null then
        perform refuse('HF005', v_fault, 'Answers are checked by these keywords: ' || array_to_string(schema_keywords(), ', '),
            '{"field": "schema"}');
    elsif p_default_answer is not null then
        perform require_answer(p_default_answer, p_options, p_schema, 'default_answer');
    end if;
    perform require_audience_form(p_audience, 'audience');
    perform require_expiry(p_expires_in_seconds, p_on_expiry, p_default_answer, p_escalation);
end
$$;

-- A question's events stand in the stream of who asked; that row must be locked before the question's.
create function holdfast.emit_question(
    p_venture_id uuid, p_supervisor_id uuid, p_session_id uuid, p_what text, p_question_id uuid, p_data jsonb default '{}')
returns bigint
language plpgsql as $$
declare
    v_data jsonb := jsonb_build_object('question_id', p_question_id) || jsonb_strip_nulls(p_data);
    v_seq  bigint;
begin
    if p_supervisor_id is not null then
        perform add_save_point(s, case p_what when 'asked' then 'question' else 'answer' end::checkpoint_reason, 'question', p_question_id)
        from supervisor_states s where p_what in ('asked', 'acknowledged') and s.venture_id = p_venture_id and s.id = p_supervisor_id;
        return emit_supervisor(p_venture_id, p_supervisor_id, 'question.' || p_what, v_data, p_got_on => p_what = 'answered');
    end if;
    update claude_sessions set seq = seq + 1 where venture_id = p_venture_id and id = p_session_id returning seq into v_seq;
    if p_what = 'asked' then
        perform note_waiting(p_venture_id, p_session_id, true);
    elsif p_what in ('answered', 'expired', 'withdrawn') then
        perform note_waiting(p_venture_id, p_session_id);
    end if;
    perform emit(p_venture_id, 'session', p_session_id, v_seq, 'question.' || p_what, v_data);
    return v_seq;
end
$$;

-- Refuses an answer that is not of the question's form, and says where.
create function holdfast.require_answer(p_answer jsonb, p_options jsonb, p_schema jsonb, p_field text default 'answer')
returns void
language plpgsql immutable as $$
declare
    v_fault text;
begin
    if p_answer is null then
        perform refuse('HF005', format('%s is not given.', p_field), 'Give an answer.', jsonb_build_object('field', p_field));
    elsif p_options is not null and not exists (select from jsonb_array_elements(p_options) as o where o.value = p_answer) then
        perform refuse('HF005', format('%s = %s is not among the options %s.', p_field, p_answer, p_options),
            'Choose one of them.', jsonb_build_object('field', p_field, 'options', p_options));
    elsif p_schema is not null then
        v_fault := value_fault(p_answer, p_schema, p_field);
        if v_fault is not null then
            perform refuse('HF005', v_fault, 'Correct it, and answer again.',
                jsonb_build_object('field', p_field, 'schema', p_schema));
        end if;
    end if;
end
$$;

-- The question, with its asker and itself locked in that order.
create function holdfast.lock_question(p_venture_id uuid, p_question_id uuid) returns holdfast.questions
language plpgsql as $$
declare
    v_question questions;
begin
    select * into v_question from questions where venture_id = p_venture_id and id = p_question_id;
    if not found then
        perform refuse('HF003', format('There is no question %s.', p_question_id), 'List the open ones with: holdfast questions',
            jsonb_build_object('question_id', p_question_id));
    end if;
    perform from supervisor_states where venture_id = p_venture_id and id = v_question.supervisor_id for no key update;
    perform from claude_sessions where venture_id = p_venture_id and id = v_question.session_id for no key update;
    select * into v_question from questions where venture_id = p_venture_id and id = p_question_id for no key update;
    return v_question;
end
$$;

-- Answers an open question; the second answer is refused and told who gave the first. Who brings the digest of an action
-- answers only for that one.
create function holdfast.answer_question(
    p_question_id uuid, p_answer jsonb, p_answered_by text default null, p_action_digest bytea default null,
    p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'viewer');
    v_question questions := escalate_when_due(lock_question(v_venture, p_question_id));
    v_by       text := coalesce(request_user(), p_answered_by);
    v_right    answer_right := right_to_answer(v_question, v_by);
    v_now      timestamptz := holdfast.now();
begin
    perform require_open(v_question, v_now);
    perform require_answer(p_answer, v_question.options, v_question.schema);
    if p_action_digest <> v_question.action_digest or p_action_digest is not null and v_question.action_digest is null then
        perform refuse('HF009', format('The question %s is about another action than the one that you saw.', p_question_id),
            'Look at it again with: holdfast question show', jsonb_build_object('question_id', p_question_id,
                'action_digest', encode(v_question.action_digest, 'hex')));
    end if;
    update questions set status = 'answered', answer = p_answer, answered_by = v_by, answered_at = v_now, answered_as = v_right
    where venture_id = v_venture and id = p_question_id;
    perform emit_question(v_venture, v_question.supervisor_id, v_question.session_id, 'answered', p_question_id,
        jsonb_build_object('answer', p_answer, 'answered_by', v_by, 'answered_as', v_right));
    return settle_restoration(v_question, p_answer);
end
$$;

-- Refuses an answer to what needs none any more, and says since when and by whom.
create function holdfast.require_open(p_question holdfast.questions, p_now timestamptz) returns void
language plpgsql as $$
declare
    v_detail jsonb := jsonb_strip_nulls(jsonb_build_object('question_id', p_question.id, 'status', p_question.status,
        'answer', p_question.answer, 'answered_by', p_question.answered_by, 'answered_at', p_question.answered_at,
        'closed_at', p_question.closed_at, 'closed_by', p_question.closed_by));
begin
    if p_question.answered_at is not null then
        perform refuse('HF008', format('The question %s was answered with %s by %s at %s.', p_question.id,
            p_question.answer, coalesce(p_question.answered_by, 'somebody'), p_question.answered_at),
            'The first answer counts.', v_detail);
    elsif p_question.status = 'withdrawn' then
        perform refuse('HF002', format('The question %s was withdrawn by %s at %s%s.', p_question.id,
            coalesce(p_question.closed_by, 'its asker'), p_question.closed_at,
            coalesce(': ' || rtrim(p_question.close_reason, '.'), '')), 'Nobody waits for its answer any more.', v_detail);
    elsif p_question.status = 'expired' or p_question.expires_at <= p_now then
        perform refuse('HF002', format('The question %s expired at %s.', p_question.id, p_question.expires_at),
            'Its asker goes on without the answer.', v_detail);
    end if;
    perform require_drawn('question', p_question.id::text, p_question.status::text, 'answered',
        is_drawn(p_question.status, 'answered'));
end
$$;

-- Hands an answer to its asker. It stays unconsumed until the asker acknowledges it.
create function holdfast.deliver_answer(
    p_question_id uuid, p_epoch bigint, p_token uuid, p_venture_id uuid default null)
returns table (status holdfast.question_status, answer holdfast.small_json, answered_by text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_question questions := fence_question(v_venture, p_question_id, p_epoch, p_token);
begin
    if v_question.status = 'answered' then
        update questions q set status = 'delivered', delivered_at = holdfast.now()
        where q.venture_id = v_venture and q.id = p_question_id returning q.* into v_question;
        perform emit_question(v_venture, v_question.supervisor_id, v_question.session_id, 'delivered', p_question_id);
    end if;
    return query select v_question.status, v_question.answer, v_question.answered_by;
end
$$;

create function holdfast.acknowledge_answer(p_question_id uuid, p_epoch bigint, p_token uuid, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_question questions := fence_question(v_venture, p_question_id, p_epoch, p_token);
begin
    if v_question.status = 'acknowledged' then
        return null;
    end if;
    perform require_drawn('question', p_question_id::text, v_question.status::text, 'acknowledged',
        is_drawn(v_question.status, 'acknowledged'));
    update questions set status = 'acknowledged', acknowledged_at = holdfast.now()
    where venture_id = v_venture and id = p_question_id;
    return emit_question(v_venture, v_question.supervisor_id, v_question.session_id, 'acknowledged', p_question_id);
end
$$;

create function holdfast.withdraw_question(
    p_question_id uuid, p_epoch bigint default null, p_token uuid default null, p_reason text default null,
    p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'agent');
    v_question questions := fence_question(v_venture, p_question_id, p_epoch, p_token);
begin
    return withdraw_locked_question(v_question, p_reason);
end
$$;

create function holdfast.withdraw_locked_question(
    p_question holdfast.questions, p_reason text, p_by text default holdfast.request_user())
returns bigint
language plpgsql as $$
begin
    perform require_drawn('question', p_question.id::text, p_question.status::text, 'withdrawn',
        is_drawn(p_question.status, 'withdrawn'));
    update questions set status = 'withdrawn', closed_at = holdfast.now(), closed_by = p_by,
        close_reason = left(p_reason, 2000)
    where venture_id = p_question.venture_id and id = p_question.id;
    return emit_question(p_question.venture_id, p_question.supervisor_id, p_question.session_id, 'withdrawn', p_question.id,
        jsonb_build_object('reason', p_reason));
end
$$;

-- Withdraws what a supervisor has asked and nobody has answered.
create function holdfast.withdraw_all_questions(p_venture_id uuid, p_supervisor_id uuid, p_reason text) returns void
language plpgsql as $$
begin
    perform withdraw_locked_question(lock_question(p_venture_id, q.id), p_reason) from (
        select id from questions where venture_id = p_venture_id and supervisor_id = p_supervisor_id and status = 'open'
        order by id) q;
end
$$;

-- The question under its lock, for its asker, who holds its lease.
create function holdfast.fence_question(p_venture_id uuid, p_question_id uuid, p_epoch bigint, p_token uuid)
returns holdfast.questions
language plpgsql as $$
declare
    v_question questions := lock_question(p_venture_id, p_question_id);
begin
    if v_question.supervisor_id is not null then
        perform fence_supervisor(p_venture_id, v_question.supervisor_id, p_epoch, p_token);
    else
        perform fence_session(p_venture_id, (select s.session_id from claude_sessions s
            where s.venture_id = p_venture_id and s.id = v_question.session_id), p_epoch, p_token);
    end if;
    return v_question;
end
$$;
