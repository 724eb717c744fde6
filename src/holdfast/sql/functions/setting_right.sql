-- What follows from the findings of a restoration.

-- Does what each finding says. First the way back, because the rest is about what is left then.
create function holdfast.set_right(p_row holdfast.supervisor_states, p_found holdfast.finding[]) returns void
language plpgsql as $$
declare
    v_found  finding;
    v_listed jsonb := '[]';
begin
    foreach v_found in array p_found loop
        if v_found.finding in ('checkpoint_asked_for', 'checkpoint_unreadable', 'checkpoint_corrupt', 'checkpoint_lost', 'state_missing',
            'plan_checkpoint_bad') then
            perform stand_on(p_row, (v_found.detail ->> 'to')::bigint, v_found.action);
        end if;
    end loop;
    foreach v_found in array p_found loop
        continue when v_found.action = 'keep';
        perform set_one_right(p_row, v_found);
        v_listed := v_listed || coalesce(correction_of(p_row, v_found), '[]');
    end loop;
    if exists (select from unnest(p_found) f where f.finding = 'plan_checkpoint_bad') then
        v_listed := all_own(p_row);
    end if;
    if v_listed <> '[]' then
        perform add_checkpoint(p_row, 'restoration', p_listed => v_listed, p_begins => false);
    end if;
end
$$;

-- Moves a supervisor to a checkpoint, or to its beginning, with where it was then.
create function holdfast.stand_on(p_row holdfast.supervisor_states, p_to bigint, p_action holdfast.restoration_action) returns void
language plpgsql as $$
declare
    v_was jsonb := coalesce((select c.standing from checkpoints c
        where c.venture_id = p_row.venture_id and c.supervisor_id = p_row.id and c.number = p_to), '{}');
begin
    update supervisor_states set checkpoint = p_to where venture_id = p_row.venture_id and id = p_row.id;
    if p_action in ('go_back', 'start_fresh') then
        update supervisor_states set phase = v_was ->> 'phase', progress = (v_was ->> 'progress')::numeric,
            current_activity = v_was ->> 'activity', error_message = null, state = case when p_action = 'start_fresh' then 'starting'
                when v_was ->> 'state' in ('starting', 'paused') then 'working' else coalesce(v_was ->> 'state', 'working') end::supervisor_state
        where venture_id = p_row.venture_id and id = p_row.id;
    end if;
end
$$;

create function holdfast.set_one_right(p_row holdfast.supervisor_states, p_found holdfast.finding) returns void
language plpgsql as $$
declare
    v_id uuid := p_found.detail ->> 'id';
begin
    case p_found.finding
        when 'state_undrawn' then
            update supervisor_states set state = 'working' where venture_id = p_row.venture_id and id = p_row.id;
        when 'progress_out_of_range' then
            update supervisor_states set progress = null where venture_id = p_row.venture_id and id = p_row.id;
        when 'claim_lapsed' then
            update supervisor_states set session_id = null where venture_id = p_row.venture_id and id = p_row.id;
        when 'step_undone' then
            update supervisor_steps set name = aside(p_row, name), dropped_at = holdfast.now()
            where venture_id = p_row.venture_id and supervisor_id = p_row.id and name = p_found.subject;
        when 'execution_undone', 'execution_without_worker' then
            perform drop_execution(p_row, v_id, p_found.reason);
        when 'execution_interrupted' then
            -- Whoever holds it now is alive, and it needs no help.
            perform expire_execution(e) from (select * from agent_executions x where x.venture_id = p_row.venture_id and x.id = v_id
                and x.lease_token is not null and x.lease_expires_at <= holdfast.now() for no key update skip locked) e;
        when 'question_undone' then
            perform drop_question(p_row, v_id, p_found.reason);
        when 'question_overdue' then
            perform expire_question(q) from questions q where q.venture_id = p_row.venture_id and q.id = v_id;
        else null;
    end case;
end
$$;

-- A name that nobody will use, for what is kept aside.
create function holdfast.aside(p_row holdfast.supervisor_states, p_name text) returns text
language sql stable as $$
    select left(p_name, 180) || '~' || s.seq from holdfast.supervisor_states s
    where s.venture_id = p_row.venture_id and s.id = p_row.id
$$;

-- Takes an execution out of the work; what is under way of it is cancelled.
create function holdfast.drop_execution(p_row holdfast.supervisor_states, p_execution_id uuid, p_reason text) returns void
language plpgsql as $$
declare
    v_execution agent_executions := lock_execution(p_row.venture_id, p_execution_id);
    v_seq       bigint;
begin
    if v_execution.ended_at is null then
        perform stop_execution(p_row.venture_id, v_execution, p_reason);
    end if;
    update agent_executions set key = aside(p_row, key), metadata = metadata || jsonb_build_object('dropped_at', holdfast.now()), seq = seq + 1
    where venture_id = p_row.venture_id and id = p_execution_id returning seq into v_seq;
    perform emit(p_row.venture_id, 'execution', p_execution_id, v_seq, 'execution.dropped', jsonb_build_object('reason', p_reason));
end
$$;

create function holdfast.drop_question(p_row holdfast.supervisor_states, p_question_id uuid, p_reason text) returns void
language plpgsql as $$
declare
    v_question questions := lock_question(p_row.venture_id, p_question_id);
begin
    if v_question.status = 'open' then
        perform withdraw_locked_question(v_question, p_reason);
    end if;
    update questions set key = aside(p_row, key), context = context || jsonb_build_object('dropped_at', holdfast.now())
    where venture_id = p_row.venture_id and id = p_question_id;
end
$$;

-- What a checkpoint must say so that the line lists what there is.
create function holdfast.correction_of(p_row holdfast.supervisor_states, p_found holdfast.finding) returns jsonb
language sql stable as $$
    select jsonb_build_array(jsonb_build_object('kind', split_part(p_found.finding, '_', 1), 'id', p_found.detail -> 'id')
        || case when p_found.finding like '%_unlisted' then jsonb_build_object('key', p_found.subject) else '{"dropped": true}' end)
    where p_found.finding in ('execution_missing', 'execution_foreign', 'execution_unlisted', 'execution_without_worker',
        'question_missing', 'question_foreign', 'question_unlisted')
$$;

-- Everything that says it is the supervisor's own, as a checkpoint lists it.
create function holdfast.all_own(p_row holdfast.supervisor_states) returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('kind', o.kind, 'id', o.id, 'key', o.key))), '[]') from (
        select 'execution' as kind, e.id, e.key from holdfast.agent_executions e
        where e.venture_id = p_row.venture_id and e.supervisor_id = p_row.id and not e.metadata ? 'dropped_at'
        union all
        select 'question', q.id, q.key from holdfast.questions q
        where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id and not q.context ? 'dropped_at') o
$$;

-- There is nothing left to do: it ends as its directive did, with all that would otherwise wait for it.
create function holdfast.finish_restored(p_row holdfast.supervisor_states, p_found holdfast.finding) returns void
language plpgsql as $$
begin
    update supervisor_states set state = 'working' where venture_id = p_row.venture_id and id = p_row.id and state = 'starting';
    perform end_all_of_supervisor(p_row, case when p_found.finding = 'work_completed' and not p_found.detail ? 'plan_id'
        then 'completed' else 'failed' end::supervisor_state,
        format('Its directive %s was %s meanwhile.', p_found.subject, replace(p_found.finding, 'work_', '')));
end
$$;

-- Stops it and asks a person: it is paused until somebody answers the question, or resumes it.
create function holdfast.ask_about_restored(p_row holdfast.supervisor_states, p_number integer, p_found holdfast.finding) returns void
language plpgsql as $$
declare
    v_id uuid := uuid7();
    v_message text := format('%s was interrupted, and cannot go on by itself: %s (%s). Shall it go on?', p_row.name, p_found.reason, p_found.subject);
begin
    insert into questions (venture_id, id, supervisor_id, key, message, options, context, status, created_at)
    values (p_row.venture_id, v_id, p_row.id, 'restoration~' || p_number, v_message, '["go on", "stop"]',
        jsonb_build_object('restoration', p_number, 'finding', p_found.finding, 'subject', p_found.subject), 'open', holdfast.now());
    perform emit_supervisor(p_row.venture_id, p_row.id, 'question.asked', jsonb_build_object('question_id', v_id, 'message', v_message,
        'options', '["go on", "stop"]'::jsonb));
    update supervisor_states set state = 'paused', paused_at = holdfast.now(), paused_by = 'its restoration', pause_reason = left(p_found.reason, 2000),
        lease_token = null, lease_expires_at = null, lease_holder = null
    where venture_id = p_row.venture_id and id = p_row.id;
    perform emit_supervisor(p_row.venture_id, p_row.id, 'supervisor.paused', jsonb_build_object('reason', p_found.reason, 'question_id', v_id));
end
$$;

-- A person answered what a restoration asked: the supervisor goes on as it is, or is stopped. Gives the newest event.
create function holdfast.settle_restoration(p_question holdfast.questions, p_answer jsonb) returns bigint
language plpgsql as $$
begin
    if p_question.context ? 'restoration' and p_question.supervisor_id is not null then
        perform consume_question(p_question);
        if p_answer = '"stop"' then
            perform stop_supervisor(p_question.supervisor_id, 'answered so after its restoration', p_question.venture_id);
        elsif exists (select from supervisor_states s where s.venture_id = p_question.venture_id and s.id = p_question.supervisor_id
            and s.paused_at is not null) then
            perform resume_supervisor(p_question.supervisor_id, 'answered so after its restoration', p_question.venture_id);
        end if;
    end if;
    return coalesce((select s.seq from supervisor_states s where s.venture_id = p_question.venture_id and s.id = p_question.supervisor_id),
        (select s.seq from claude_sessions s where s.venture_id = p_question.venture_id and s.id = p_question.session_id));
end
$$;

-- Takes an answer for its asker, who will not hear of it: the engine itself asked, or the asker has gone another way.
create function holdfast.consume_question(p_question holdfast.questions) returns void
language plpgsql as $$
begin
    update questions set status = 'acknowledged', delivered_at = coalesce(delivered_at, holdfast.now()), acknowledged_at = holdfast.now()
    where venture_id = p_question.venture_id and id = p_question.id;
    perform emit_supervisor(p_question.venture_id, p_question.supervisor_id, 'question.' || w.what,
        jsonb_build_object('question_id', p_question.id)) from unnest(array['delivered', 'acknowledged']) as w (what)
    where w.what <> p_question.status::text;
end
$$;

-- A supervisor that a person resumes goes on as it is: what its restoration asked is answered by that.
create function holdfast.accept_restoration(p_row holdfast.supervisor_states) returns void
language plpgsql as $$
declare
    v_question questions;
begin
    for v_question in
        select * from questions q where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id and q.status = 'open'
            and q.context ? 'restoration' order by q.id for no key update
    loop
        update questions set status = 'answered', answer = '"go on"', answered_by = acting_user(), answered_at = holdfast.now()
        where venture_id = p_row.venture_id and id = v_question.id;
        perform emit_supervisor(p_row.venture_id, p_row.id, 'question.answered', jsonb_build_object('question_id', v_question.id,
            'answer', 'go on', 'answered_by', acting_user()));
        perform consume_question(v_question);
    end loop;
end
$$;

-- Whether a person has said that it goes on though this was found.
create function holdfast.is_accepted(p_row holdfast.supervisor_states, p_finding text, p_subject text) returns boolean
language sql stable as $$
    select exists (select from holdfast.questions q where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id
        and q.context ? 'restoration' and q.context ->> 'finding' = p_finding and q.context ->> 'subject' = p_subject
        and q.answer = '"go on"')
$$;
