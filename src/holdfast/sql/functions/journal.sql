-- Writes that come late: sessions made them while the database was away. Lock order: session, directive, claim;
-- executions after these, by id.

-- Applies an entry of a journal, once: its id is recorded in the same transaction. Says `applied`, or `known` if it was
-- before, or if what it asks for is so already: the call before it went into the journal may have been committed.
--
-- Its lease must be the row's newest. One that ran out and was taken by nobody is the writer's still, since nobody else
-- can have written meanwhile; it is prolonged for this transaction and no longer.
create function holdfast.replay_entry(
    p_entry_id uuid, p_written_at timestamptz, p_session_id text, p_epoch bigint, p_token uuid, p_function text,
    p_arguments jsonb, p_venture_id uuid default null)
returns text
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions;
begin
    perform require_replayable(p_function, p_arguments);
    -- The session's row is locked first of all: two replays of one entry take turns.
    select * into v_session from claude_sessions
    where venture_id = v_venture and session_id = p_session_id for no key update;
    if exists (select from journal_entries where venture_id = v_venture and id = p_entry_id) then
        return 'known';
    end if;
    if p_entry_id is null then
        perform refuse('HF005', 'entry_id is null.', 'Give each entry an id of its own.');
    end if;
    perform require_newest_session(v_session, p_session_id, p_epoch, p_token);
    if is_so_already(v_session, p_function, p_arguments) then
        return 'known';
    end if;
    insert into journal_entries (venture_id, id, session_id, function, written_at, applied_at)
    values (v_venture, p_entry_id, p_session_id, p_function, coalesce(p_written_at, holdfast.now()), holdfast.now());
    case
        when p_function in ('save_session', 'record_todos', 'end_session', 'interrupt_session') then
            perform replay_on_session(v_session, p_function, p_arguments);
        when p_function in ('release_directive', 'move_directive', 'move_directive_phase') then
            perform replay_on_directive(v_session, p_function, p_arguments);
        else
            perform replay_on_executions(v_session, p_function, p_arguments);
    end case;
    return 'applied';
end
$$;

-- The closed list of what a journal may ask for.
create function holdfast.require_replayable(p_function text, p_arguments jsonb) returns void
language plpgsql immutable as $$
begin
    if p_function is null or p_function not in (
        'save_session', 'record_todos', 'end_session', 'interrupt_session',
        'release_directive', 'move_directive', 'move_directive_phase',
        'record_steps', 'append_logs', 'record_metrics', 'finish_execution')
    then
        perform refuse('HF005', format('function = %s; a journal cannot ask for that.', coalesce(p_function, 'null')),
            'Call it when the database is there.', jsonb_build_object('function', p_function));
    end if;
    if jsonb_typeof(p_arguments) is distinct from 'object' then
        perform refuse('HF005', 'arguments is not an object.', 'Give the function''s arguments by name.');
    end if;
    perform require_size('The entry', p_arguments, 1048576);
end
$$;

-- Refuses an entry of a session that is unknown, or whose lease another has taken, or that gave its lease up itself.
create function holdfast.require_newest_session(
    p_session holdfast.claude_sessions, p_session_id text, p_epoch bigint, p_token uuid)
returns void
language plpgsql as $$
begin
    if p_session.id is null then
        perform refuse('HF003', format('There is no session %s.', p_session_id), 'It may be of another database.',
            jsonb_build_object('session_id', p_session_id));
    elsif p_token is null or is_foreign(p_session.lease_epoch, p_session.lease_token, p_epoch, p_token) then
        perform refuse_stale('session', p_session_id, p_session.lease_epoch, p_session.lease_token,
            p_session.lease_expires_at, p_session.lease_holder, p_epoch, p_token, holdfast.now());
    end if;
end
$$;

-- Whether an entry's call was committed after all, and only its answer lost.
create function holdfast.is_so_already(p_session holdfast.claude_sessions, p_function text, p_arguments jsonb)
returns boolean
language plpgsql as $$
begin
    return case p_function
        when 'end_session' then p_session.state = 'ended'
        when 'interrupt_session' then p_session.state = 'lost' and p_session.lease_expires_at is null
        when 'release_directive' then exists (select from claim_of(p_session.venture_id, p_arguments) c
            where c.lease_token is null)
        when 'move_directive' then exists (select from claim_of(p_session.venture_id, p_arguments) c
            join directives d on d.venture_id = c.venture_id and d.id = c.directive_id
            where c.lease_token is null and d.status::text = p_arguments ->> 'status')
        when 'move_directive_phase' then exists (select from claim_of(p_session.venture_id, p_arguments) c
            join directives d on d.venture_id = c.venture_id and d.id = c.directive_id
            where c.lease_token::text = p_arguments ->> 'token' and d.phase::text = p_arguments ->> 'phase')
        else false end;
end
$$;

-- The claim that an entry names, if nobody has had it since.
create function holdfast.claim_of(p_venture_id uuid, p_arguments jsonb) returns setof holdfast.directive_claims
language sql stable as $$
    select c.* from holdfast.directive_claims c
    join holdfast.directives d on d.venture_id = c.venture_id and d.id = c.directive_id
    where d.venture_id = p_venture_id and d.sd_key = p_arguments ->> 'sd_key'
        and c.lease_epoch = (p_arguments ->> 'epoch')::bigint
$$;

create function holdfast.replay_on_session(p_session holdfast.claude_sessions, p_function text, p_arguments jsonb)
returns void
language plpgsql as $$
declare
    v_expires_at timestamptz := p_session.lease_expires_at;
    v_reason     text := p_arguments ->> 'reason';
begin
    perform prolong_session(p_session);
    case p_function
        when 'save_session' then
            perform save_session(p_session.session_id, p_session.lease_epoch, p_session.lease_token,
                (p_arguments ->> 'state')::session_state, coalesce(p_arguments -> 'metadata', '{}'), p_session.venture_id);
        when 'record_todos' then
            perform record_todos(p_session.session_id, p_session.lease_epoch, p_session.lease_token, p_arguments -> 'items',
                coalesce((p_arguments ->> 'is_whole')::boolean, true), p_session.venture_id);
        when 'end_session' then
            perform end_session(p_session.session_id, p_session.lease_epoch, p_session.lease_token, v_reason,
                p_session.venture_id);
        when 'interrupt_session' then
            perform interrupt_session(p_session.session_id, p_session.lease_epoch, p_session.lease_token, v_reason,
                p_session.venture_id);
    end case;
    update claude_sessions set lease_expires_at = v_expires_at
    where venture_id = p_session.venture_id and id = p_session.id and lease_expires_at = 'infinity';
end
$$;

-- Lets a lease last for this transaction. A session that was taken for lost meanwhile has shown that it was not.
create function holdfast.prolong_session(p_session holdfast.claude_sessions) returns void
language plpgsql as $$
declare
    v_seq bigint;
begin
    if p_session.lease_expires_at is null then  -- it gave its lease up itself
        return;
    end if;
    update claude_sessions set lease_expires_at = 'infinity'
    where venture_id = p_session.venture_id and id = p_session.id;
    if p_session.state = 'lost' then
        update claude_sessions set state = 'running', seq = seq + 1
        where venture_id = p_session.venture_id and id = p_session.id returning seq into v_seq;
        perform emit(p_session.venture_id, 'session', p_session.id, v_seq, 'session.resumed', jsonb_build_object(
            'session_id', p_session.session_id, 'epoch', p_session.lease_epoch, 'replayed', true), p_session.session_id);
    end if;
end
$$;

create function holdfast.replay_on_directive(p_session holdfast.claude_sessions, p_function text, p_arguments jsonb)
returns void
language plpgsql as $$
declare
    v_venture    uuid := p_session.venture_id;
    v_sd_key     text := p_arguments ->> 'sd_key';
    v_epoch      bigint := (p_arguments ->> 'epoch')::bigint;
    v_token      uuid := (p_arguments ->> 'token')::uuid;
    v_reason     text := p_arguments ->> 'reason';
    v_directive  directives := require_directive(v_venture, v_sd_key);
    v_expires_at timestamptz;
begin
    if v_token is null then
        perform refuse('HF001', format('The entry brings no token of its claim on %s.', v_sd_key),
            'A journal takes what was done under a claim.', jsonb_build_object('sd_key', v_sd_key));
    end if;
    perform from directives where venture_id = v_venture and id = v_directive.id for no key update;
    select lease_expires_at into v_expires_at from directive_claims
    where venture_id = v_venture and directive_id = v_directive.id for no key update;
    -- Under a foreign token nothing is prolonged, and the call refuses it.
    update directive_claims set lease_expires_at = 'infinity'
    where venture_id = v_venture and directive_id = v_directive.id and session_id = p_session.id
        and lease_epoch = v_epoch and lease_token = v_token;
    case p_function
        when 'release_directive' then
            perform release_directive(v_sd_key, v_epoch, v_token, v_reason, p_venture_id => v_venture);
        when 'move_directive' then
            perform move_directive(v_sd_key, (p_arguments ->> 'status')::directive_status, v_reason, v_epoch, v_token,
                p_evidence => nullif(p_arguments -> 'evidence', 'null'), p_venture_id => v_venture);
        when 'move_directive_phase' then
            perform move_directive_phase(v_sd_key, (p_arguments ->> 'phase')::directive_phase, v_reason, v_epoch, v_token,
                p_venture_id => v_venture);
    end case;
    update directive_claims set lease_expires_at = v_expires_at
    where venture_id = v_venture and directive_id = v_directive.id and lease_expires_at = 'infinity';
end
$$;

-- An execution has a lease of its own, and its steps and lines are its holder's alone. One without a lease is fenced by
-- the session that it belongs to. One that the reaper has closed meanwhile stays closed: what was told of it is refused.
create function holdfast.replay_on_executions(p_session holdfast.claude_sessions, p_function text, p_arguments jsonb)
returns void
language plpgsql as $$
declare
    v_venture uuid := p_session.venture_id;
    v_id      uuid := (p_arguments ->> 'execution_id')::uuid;
    v_epoch   bigint := (p_arguments ->> 'epoch')::bigint;
    v_token   uuid := (p_arguments ->> 'token')::uuid;
    v_ids     uuid[] := case when v_id is null then texts_of(p_arguments -> 'execution_ids')::uuid[] else array[v_id] end;
    v_epochs  bigint[] := case when v_id is null then texts_of(p_arguments -> 'epochs')::bigint[] else array[v_epoch] end;
    v_tokens  uuid[] := case when v_id is null then texts_of(p_arguments -> 'tokens')::uuid[] else array[v_token] end;
    v_before  agent_executions[];
begin
    perform require_same_length(10000, cardinality(v_ids), cardinality(v_epochs), cardinality(v_tokens));
    v_before := prolong_executions(p_session, v_ids, v_epochs, v_tokens);
    case p_function
        when 'record_steps' then
            -- A function of many rows returns its refusals; here all of it is done, or nothing.
            perform refuse(r.code, r.reason) from record_steps(v_ids, v_epochs, v_tokens,
                texts_of(p_arguments -> 'positions')::integer[], texts_of(p_arguments -> 'names'),
                texts_of(p_arguments -> 'statuses')::execution_step_status[], v_venture) r;
        when 'append_logs' then
            perform refuse(r.code, r.reason) from append_logs(v_ids, v_epochs, v_tokens,
                texts_of(p_arguments -> 'levels')::log_level[], texts_of(p_arguments -> 'messages'),
                values_of(p_arguments -> 'data'), v_venture) r;
        when 'record_metrics' then
            perform record_metrics(v_id, v_epoch, v_token, coalesce((p_arguments ->> 'input_tokens')::bigint, 0),
                coalesce((p_arguments ->> 'output_tokens')::bigint, 0), coalesce((p_arguments ->> 'cost_usd')::numeric, 0),
                coalesce((p_arguments ->> 'model_calls')::bigint, 0), coalesce((p_arguments ->> 'tool_calls')::bigint, 0),
                coalesce(p_arguments -> 'metadata', '{}'), v_venture);
        when 'finish_execution' then
            perform finish_execution(v_id, (p_arguments ->> 'status')::execution_status, v_epoch, v_token,
                p_arguments -> 'result', p_arguments ->> 'error', v_venture);
    end case;
    update agent_executions e set lease_expires_at = b.lease_expires_at
    from unnest(v_before) as b
    where e.venture_id = v_venture and e.id = b.id and e.lease_expires_at = 'infinity';
end
$$;

-- Locks executions by id, and lets the leases that are the writer's still last for this transaction; gives the rows as
-- they were.
create function holdfast.prolong_executions(
    p_session holdfast.claude_sessions, p_ids uuid[], p_epochs bigint[], p_tokens uuid[])
returns holdfast.agent_executions[]
language plpgsql as $$
declare
    v_before  agent_executions[];
    v_foreign uuid;
begin
    perform from agent_executions e where e.venture_id = p_session.venture_id and e.id = any (p_ids)
    order by e.id for no key update;
    select array_agg(e) into v_before from agent_executions e where e.venture_id = p_session.venture_id and e.id = any (p_ids);
    select e.id into v_foreign from unnest(v_before) as e
    join unnest(p_ids, p_tokens) as g (id, token) on g.id = e.id
    where g.token is null and e.session_id is distinct from p_session.id limit 1;
    if found then
        perform refuse('HF001', format('The execution %s is not of the session %s.', v_foreign, p_session.session_id),
            'Bring the token of its lease.', jsonb_build_object('execution_id', v_foreign));
    end if;
    update agent_executions e set lease_expires_at = 'infinity'
    from unnest(p_ids, p_epochs, p_tokens) as g (id, epoch, token)
    where e.venture_id = p_session.venture_id and e.id = g.id and e.ended_at is null and e.lease_expires_at is not null
        and e.lease_epoch = g.epoch and e.lease_token = g.token;
    return v_before;
end
$$;

-- The texts of a JSON list, in order; null of what is none.
create function holdfast.texts_of(p_list jsonb) returns text[]
language sql immutable parallel safe as $$
    select case when jsonb_typeof(p_list) = 'array' then array(
        select e.value from jsonb_array_elements_text(p_list) with ordinality as e (value, row) order by e.row) end
$$;

create function holdfast.values_of(p_list jsonb) returns jsonb[]
language sql immutable parallel safe as $$
    select case when jsonb_typeof(p_list) = 'array' then array(
        select nullif(e.value, 'null') from jsonb_array_elements(p_list) with ordinality as e (value, row) order by e.row) end
$$;
