-- What a person is asked. Lock order: the asker, then the question.

-- Asks, or finds what was asked under the same key before.
create function holdfast.ask_question(
    p_message text, p_supervisor_id uuid default null, p_session_id text default null,
    p_epoch bigint default null, p_token uuid default null, p_key text default null, p_options jsonb default null,
    p_expires_in_seconds double precision default null, p_default_answer jsonb default null,
    p_context jsonb default '{}', p_plan_id uuid default null, p_step_key text default null, p_venture_id uuid default null)
returns table (id uuid, status holdfast.question_status, answer jsonb)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz := holdfast.now();
    v_session uuid;
begin
    if num_nonnulls(p_supervisor_id, p_session_id) <> 1 then
        perform refuse('HF005', 'A question has one asker.', 'Give p_supervisor_id or p_session_id.');
    elsif p_supervisor_id is not null then
        perform fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
    else
        v_session := (fence_session(v_venture, p_session_id, p_epoch, p_token)).id;
    end if;
    select q.id, q.status, q.answer into id, status, answer from questions q
    where q.venture_id = v_venture and coalesce(q.supervisor_id, q.session_id) = coalesce(p_supervisor_id, v_session)
        and q.key = p_key;
    if found then
        return next;
        return;
    end if;
    if p_default_answer is not null and not answers(p_default_answer, p_options) then
        perform refuse('HF005', format('default_answer = %s is not among the options %s.', p_default_answer, p_options), 'Choose one of them.');
    end if;
    id := uuid7();
    status := 'open';
    insert into questions (venture_id, id, supervisor_id, session_id, plan_id, step_key, key, message, options, context,
        default_answer, status, created_at, expires_at)
    values (v_venture, id, p_supervisor_id, v_session, p_plan_id, p_step_key, p_key, p_message, p_options,
        coalesce(p_context, '{}'), p_default_answer, status, v_now, v_now + make_interval(secs => p_expires_in_seconds));
    perform emit_question(v_venture, p_supervisor_id, v_session, 'asked', id,
        jsonb_build_object('message', left(p_message, 500), 'options', p_options));
    return next;
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

create function holdfast.answers(p_answer jsonb, p_options jsonb) returns boolean
language sql immutable parallel safe as $$
    select p_answer is not null and (p_options is null or exists (
        select from jsonb_array_elements(p_options) as o where o.value = p_answer))
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

-- Answers an open question; the second answer is refused and told who gave the first.
create function holdfast.answer_question(
    p_question_id uuid, p_answer jsonb, p_answered_by text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'operator');
    v_question questions := lock_question(v_venture, p_question_id);
    v_by       text := coalesce(request_user(), p_answered_by);
    v_now      timestamptz := holdfast.now();
begin
    if v_question.answered_at is not null then
        perform refuse('HF008', format('The question %s was answered with %s by %s at %s.', p_question_id,
            v_question.answer, coalesce(v_question.answered_by, 'somebody'), v_question.answered_at),
            'The first answer counts.', jsonb_build_object('question_id', p_question_id, 'answer', v_question.answer,
                'answered_by', v_question.answered_by, 'answered_at', v_question.answered_at));
    end if;
    perform require_drawn('question', p_question_id::text, v_question.status::text, 'answered',
        is_drawn(v_question.status, 'answered'));
    if v_question.expires_at <= v_now then
        perform refuse('HF002', format('The question %s expired at %s.', p_question_id, v_question.expires_at),
            'Its asker goes on without the answer.');
    end if;
    if not answers(p_answer, v_question.options) then
        perform refuse('HF005', format('answer = %s is not among the options %s.', p_answer, v_question.options),
            'Choose one of them.', jsonb_build_object('options', v_question.options));
    end if;
    update questions set status = 'answered', answer = p_answer, answered_by = v_by, answered_at = v_now
    where venture_id = v_venture and id = p_question_id;
    return emit_question(v_venture, v_question.supervisor_id, v_question.session_id, 'answered', p_question_id,
        jsonb_build_object('answer', p_answer, 'answered_by', v_by));
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

create function holdfast.withdraw_locked_question(p_question holdfast.questions, p_reason text) returns bigint
language plpgsql as $$
begin
    perform require_drawn('question', p_question.id::text, p_question.status::text, 'withdrawn',
        is_drawn(p_question.status, 'withdrawn'));
    update questions set status = 'withdrawn', closed_at = holdfast.now()
    where venture_id = p_question.venture_id and id = p_question.id;
    return emit_question(p_question.venture_id, p_question.supervisor_id, p_question.session_id, 'withdrawn', p_question.id,
        jsonb_build_object('reason', p_reason));
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
