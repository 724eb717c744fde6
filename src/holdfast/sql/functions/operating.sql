-- What an operator does to the work of others. These go over the fence: no token is brought, and whoever held the
-- lease loses it and is told so by its next call. Lock order as everywhere: session, directive, claim; supervisor, plan,
-- step, execution; asker, question.

-- What the events and messages call whoever acts.
create function holdfast.acting_user() returns text
language sql stable as $$
    select coalesce(holdfast.request_user(), 'an operator')
$$;

create function holdfast.require_reason(p_what text, p_reason text) returns void
language plpgsql immutable as $$
begin
    if coalesce(btrim(p_reason), '') = '' then
        perform refuse('HF005', format('reason is empty; %s needs one.', p_what), 'Say why: whoever had the work is told.',
            '{"field": "reason"}');
    end if;
end
$$;

-- Makes an execution that does again what a failed or cancelled one was to do. The old one stays as it is.
create function holdfast.retry_execution(p_execution_id uuid, p_reason text default null, p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_old     agent_executions := lock_execution(v_venture, p_execution_id);
    v_id      uuid;
    v_seq     bigint;
begin
    perform require_retryable(v_old);
    -- The program's conversation is the old one's; the new one begins from the start.
    v_id := insert_execution(v_venture, v_old.name, v_old.kind, v_old.input, v_old.agent, v_old.role, v_old.total_steps,
        null, null, v_old.directive_id, v_old.session_id, v_old.priority, null, v_old.max_attempts,
        v_old.metadata - 'program_session_id');
    update agent_executions set retry_of = v_old.id where venture_id = v_venture and id = v_id;
    update agent_executions set seq = seq + 1 where venture_id = v_venture and id = v_old.id returning seq into v_seq;
    perform emit(v_venture, 'execution', v_old.id, v_seq, 'execution.retried',
        jsonb_strip_nulls(jsonb_build_object('execution_id', v_id, 'reason', left(p_reason, 500))));
    return v_id;
end
$$;

create function holdfast.require_retryable(p_execution holdfast.agent_executions) returns void
language plpgsql as $$
declare
    v_again uuid;
begin
    perform require_drawn('execution', p_execution.id::text, p_execution.status::text, 'retried',
        p_execution.status in ('failed', 'cancelled'));
    if p_execution.kind is null then
        perform refuse('HF010', format('The execution %s was run by its creator; no worker can do it again.', p_execution.id),
            'Start it again where it ran.', jsonb_build_object('execution_id', p_execution.id));
    elsif p_execution.metadata ? 'plan_id' then
        perform refuse('HF010', format('The execution %s belongs to the step %s of a plan, whose runner tries it again as its file says.',
            p_execution.id, p_execution.metadata ->> 'step_key'), 'Run the plan again.',
            jsonb_build_object('execution_id', p_execution.id, 'plan_id', p_execution.metadata -> 'plan_id'));
    end if;
    select id into v_again from agent_executions
    where venture_id = p_execution.venture_id and retry_of = p_execution.id and ended_at is null limit 1;
    if found then
        perform refuse('HF009', format('The execution %s is being done again by %s.', p_execution.id, v_again),
            'Wait for that one, or cancel it.', jsonb_build_object('execution_id', v_again));
    end if;
end
$$;

-- Moves a directive over its holder's head, who loses the claim where the directive is nobody's after it.
create function holdfast.override_directive(
    p_sd_key text, p_status holdfast.directive_status, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
begin
    if p_status = 'completed' then
        perform refuse('HF011', format('%s is completed by whoever did it, with its evidence.', p_sd_key),
            'Use move_directive, or cancel it.');
    end if;
    return move_locked_directive(lock_directive(v_venture, p_sd_key), p_status, p_reason);
end
$$;

-- The same for a phase; the holder keeps the claim.
create function holdfast.override_directive_phase(
    p_sd_key text, p_phase holdfast.directive_phase, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
begin
    return move_locked_phase(lock_directive(v_venture, p_sd_key), p_phase, p_reason);
end
$$;

-- The session under its lock, for an operator, who brings no token.
create function holdfast.lock_session(p_venture_id uuid, p_session_id text) returns holdfast.claude_sessions
language plpgsql as $$
declare
    v_session claude_sessions;
begin
    select * into v_session from claude_sessions
    where venture_id = p_venture_id and session_id = p_session_id for no key update;
    if not found then
        perform refuse('HF003', format('There is no session %s.', p_session_id), 'List the sessions.',
            jsonb_build_object('session_id', p_session_id));
    end if;
    return v_session;
end
$$;

-- Takes away what a session holds; it does not come back to it by itself. Gives the directive's key.
create function holdfast.release_claim(p_session_id text, p_reason text, p_venture_id uuid default null) returns text
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_session claude_sessions;
    v_held    uuid;
    v_sd_key  text;
begin
    perform require_reason('taking a claim away', p_reason);
    v_session := lock_session(v_venture, p_session_id);
    select d.id into v_held from directive_claims c
    join directives d on d.venture_id = c.venture_id and d.id = c.directive_id
    where c.venture_id = v_venture and c.session_id = v_session.id for no key update of d;
    v_sd_key := give_back(v_venture, v_session, v_held, p_reason, acting_user());
    if v_sd_key is null then
        perform refuse('HF003', format('The session %s holds nothing.', p_session_id), 'Read it again.',
            jsonb_build_object('session_id', p_session_id));
    end if;
    perform keep_place(v_venture, v_session.id, null);
    return v_sd_key;
end
$$;

-- Gives a directive to a living session, whoever holds it. The session learns of it by its next beat or call; the claim
-- lasts as long as the session's own lease and is renewed with it.
create function holdfast.assign_directive(p_sd_key text, p_session_id text, p_reason text, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'operator');
    v_directive directives;
    v_session   claude_sessions;
    v_claim     directive_claims;
    v_holder    text;
    v_now       timestamptz;
begin
    perform require_reason('taking a directive over', p_reason);
    v_session := lock_session(v_venture, p_session_id);
    v_directive := require_directive(v_venture, p_sd_key);
    perform lock_directives(v_venture, v_session.id, v_directive.id);
    v_directive := lock_directive(v_venture, p_sd_key);
    v_now := holdfast.now();
    perform require_living(v_session, v_now);
    perform require_claimable(v_venture, v_directive);
    insert into directive_claims (venture_id, directive_id) values (v_venture, v_directive.id) on conflict do nothing;
    select * into v_claim from directive_claims
    where venture_id = v_venture and directive_id = v_directive.id for no key update;
    if v_claim.session_id = v_session.id and v_claim.lease_expires_at > v_now then
        perform refuse('HF004', format('%s is held by %s already.', p_sd_key, p_session_id), 'There is nothing to take over.',
            jsonb_build_object('sd_key', p_sd_key, 'holder', p_session_id));
    end if;
    perform require_no_other_claim(v_venture, v_session, v_directive.id, v_now);
    select session_id into v_holder from claude_sessions where venture_id = v_venture and id = v_claim.session_id;
    perform grant_claim(v_session, v_directive, v_session.lease_expires_at, 'assigned', nullif(v_holder, p_session_id),
        p_reason, acting_user());
    return v_directive.seq + 1;
end
$$;

create function holdfast.require_living(p_session holdfast.claude_sessions, p_now timestamptz) returns void
language plpgsql as $$
begin
    if p_session.ended_at is not null or coalesce(p_session.lease_expires_at <= p_now, true) then
        perform refuse('HF010', format('The session %s is %s; it could not go on with the work.', p_session.session_id,
            case when p_session.ended_at is null then 'lost' else 'ended' end), 'Choose a session that is alive.',
            jsonb_build_object('session_id', p_session.session_id));
    end if;
end
$$;

-- Ends a session whose program goes on or was forgotten; its next call is refused.
create function holdfast.close_session(p_session_id text, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
begin
    return end_locked_session(lock_session(v_venture, p_session_id),
        coalesce(p_reason, format('ended by %s', acting_user())), acting_user());
end
$$;

-- Withdraws an open question for its asker, who goes on as if it had withdrawn it itself.
create function holdfast.dismiss_question(p_question_id uuid, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture  uuid := enter(p_venture_id, 'operator');
    v_question questions := lock_question(v_venture, p_question_id);
begin
    return withdraw_locked_question(v_question, p_reason, acting_user());
end
$$;

-- The supervisor under its lock, for an operator, who brings no token.
create function holdfast.lock_supervisor(p_venture_id uuid, p_supervisor_id uuid) returns holdfast.supervisor_states
language plpgsql as $$
declare
    v_row supervisor_states;
begin
    select * into v_row from supervisor_states where venture_id = p_venture_id and id = p_supervisor_id for no key update;
    if not found then
        perform refuse('HF003', format('There is no supervisor %s.', p_supervisor_id), 'Check the id and the venture.',
            jsonb_build_object('supervisor_id', p_supervisor_id));
    end if;
    return v_row;
end
$$;

-- Takes a supervisor from its worker and lets no other take it up until it is resumed. What it spawned goes on; a step
-- that was running runs again after that.
create function holdfast.pause_supervisor(p_supervisor_id uuid, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_row     supervisor_states := lock_supervisor(v_venture, p_supervisor_id);
begin
    perform require_drawn('supervisor', p_supervisor_id::text, v_row.state::text, 'paused', v_row.paused_at is null
        and (v_row.state = 'paused' or is_drawn(v_row.state, 'paused')));
    if v_row.handler is null then
        perform refuse('HF010', format('The supervisor %s is run by its creator; no worker could resume it.', p_supervisor_id),
            'Pause it where it runs, or stop it.', jsonb_build_object('supervisor_id', p_supervisor_id));
    end if;
    update supervisor_states set state = 'paused', paused_at = holdfast.now(), paused_by = request_user(),
        pause_reason = p_reason, lease_token = null, lease_expires_at = null, lease_holder = null
    where venture_id = v_venture and id = p_supervisor_id;
    return emit_supervisor(v_venture, p_supervisor_id, 'supervisor.paused', jsonb_strip_nulls(
        jsonb_build_object('reason', p_reason, 'holder', v_row.lease_holder)));
end
$$;

-- Lets a worker take a paused supervisor up again; it is restored from what it kept.
create function holdfast.resume_supervisor(p_supervisor_id uuid, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_row     supervisor_states := lock_supervisor(v_venture, p_supervisor_id);
begin
    perform require_drawn('supervisor', p_supervisor_id::text, v_row.state::text, 'resumed', v_row.paused_at is not null);
    update supervisor_states set state = 'working', paused_at = null, paused_by = null, pause_reason = null
    where venture_id = v_venture and id = p_supervisor_id;
    perform accept_restoration(v_row);
    return emit_supervisor(v_venture, p_supervisor_id, 'supervisor.resumed', jsonb_strip_nulls(
        jsonb_build_object('reason', p_reason)), p_got_on => true);
end
$$;

-- Ends a supervisor as failed, with all that would otherwise wait for it: its plan, its executions, its questions.
create function holdfast.stop_supervisor(p_supervisor_id uuid, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_row     supervisor_states := lock_supervisor(v_venture, p_supervisor_id);
    v_why     text := format('Stopped by %s%s.', acting_user(), coalesce(': ' || nullif(rtrim(p_reason, '.'), ''), ''));
begin
    perform require_drawn('supervisor', p_supervisor_id::text, v_row.state::text, 'failed', is_drawn(v_row.state, 'failed'));
    return end_all_of_supervisor(v_row, 'failed', v_why);
end
$$;

-- Ends a supervisor whose row is locked, with its plan, its executions and its questions.
create function holdfast.end_all_of_supervisor(p_row holdfast.supervisor_states, p_state holdfast.supervisor_state, p_why text)
returns bigint
language plpgsql as $$
begin
    perform end_work_of_supervisor(p_row, p_why);
    update supervisor_states set paused_at = null, paused_by = null, pause_reason = null,
        lease_token = null, lease_expires_at = null, lease_holder = null
    where venture_id = p_row.venture_id and id = p_row.id;
    return end_supervisor(p_row, p_state, null, p_why);
end
$$;

-- Ends what would otherwise wait for a supervisor that is over: its plan, its executions, its questions.
create function holdfast.end_work_of_supervisor(p_row holdfast.supervisor_states, p_why text) returns void
language plpgsql as $$
begin
    perform end_stopped_plan(p_row.venture_id, p_row.id, p_why);
    perform stop_execution(p_row.venture_id, e, p_why) from (
        select * from agent_executions where venture_id = p_row.venture_id and supervisor_id = p_row.id and ended_at is null
        order by id for no key update) e;
    perform withdraw_all_questions(p_row.venture_id, p_row.id, p_why);
end
$$;
