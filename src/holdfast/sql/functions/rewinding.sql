-- What a person does with a supervisor's save points: have it restored, take it back, begin another one from there.

create function holdfast.require_supervisor(p_row holdfast.supervisor_states, p_supervisor_id uuid) returns void
language plpgsql as $$
begin
    if p_row.id is null then
        perform refuse('HF003', format('There is no supervisor %s.', p_supervisor_id), 'Check the id and the venture.',
            jsonb_build_object('supervisor_id', p_supervisor_id));
    end if;
end
$$;

-- One can go back only along the line that the supervisor stands on; and a plan goes back by its own steps.
create function holdfast.require_checkpoint(p_row holdfast.supervisor_states, p_number bigint) returns void
language plpgsql as $$
begin
    if p_number is null then
        return;
    elsif exists (select from plans p where p.venture_id = p_row.venture_id and p.supervisor_id = p_row.id) then
        perform refuse('HF010', format('The supervisor %s runs a plan, whose steps say where it is.', p_row.id), 'Roll the plan back to a step.',
            jsonb_build_object('supervisor_id', p_row.id));
    elsif not exists (select from checkpoint_line(p_row.venture_id, p_row.id, p_row.checkpoint) l where l.number = p_number) then
        perform refuse('HF003', format('The supervisor %s does not stand on a checkpoint %s.', p_row.id, p_number),
            'Choose one that holdfast supervisor show lists.', jsonb_build_object('supervisor_id', p_row.id, 'checkpoint', p_number));
    end if;
end
$$;

-- Takes a supervisor from its worker, paused or not, so that another restores it: from what it stands on, or from a checkpoint
-- that is named.
create function holdfast.restore_supervisor(
    p_supervisor_id uuid, p_from bigint default null, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_row     supervisor_states := lock_supervisor(v_venture, p_supervisor_id);
begin
    perform require_open(v_row, 'restored');
    perform require_checkpoint(v_row, p_from);
    perform recall_supervisor(v_row, case when v_row.paused_at is not null then 'working' else v_row.state end);
    update supervisor_states set restore_as = case when p_from is null then 'manual' else 'checkpoint' end::restoration_source, restore_from = p_from,
        lease_epoch = greatest(lease_epoch, 1)  -- one that nobody has begun is restored, too, if a person wants it
    where venture_id = v_venture and id = p_supervisor_id;
    return emit_supervisor(v_venture, p_supervisor_id, 'supervisor.recalled', jsonb_strip_nulls(jsonb_build_object('from', p_from,
        'reason', p_reason, 'holder', v_row.lease_holder, 'by', acting_user())), p_got_on => true);
end
$$;

-- What is over is not brought back: it is begun again as another one.
create function holdfast.require_open(p_row holdfast.supervisor_states, p_to text) returns void
language plpgsql as $$
begin
    if p_row.ended_at is not null then
        perform refuse('HF002', format('supervisor %s is %s; from there it cannot become %s.', p_row.id, p_row.state, p_to),
            'Begin another one from a checkpoint of it: holdfast supervisor fork', jsonb_build_object('noun', 'supervisor',
            'name', p_row.id, 'from', p_row.state, 'to', p_to));
    end if;
end
$$;

-- Whoever held it loses it, and is told so by its next call.
create function holdfast.recall_supervisor(p_row holdfast.supervisor_states, p_state holdfast.supervisor_state) returns void
language sql as $$
    update supervisor_states set state = p_state, paused_at = null, paused_by = null, pause_reason = null,
        lease_token = null, lease_expires_at = null, lease_holder = null
    where venture_id = p_row.venture_id and id = p_row.id
$$;

-- Takes a supervisor back to a checkpoint at once and leaves it paused, so that a person can look before it goes on.
create function holdfast.rewind_supervisor(
    p_supervisor_id uuid, p_to bigint, p_reason text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_row     supervisor_states := lock_supervisor(v_venture, p_supervisor_id);
    v_found   finding[];
begin
    if p_to is null then
        perform refuse('HF005', 'checkpoint is empty; rewinding needs one.', 'Choose one that holdfast supervisor show lists.');
    end if;
    perform require_open(v_row, 'rewound');
    perform require_checkpoint(v_row, p_to);
    v_row.restore_from := p_to;
    v_found := array(select f from find_all(v_row, 'checkpoint') f where f.finding in ('checkpoint_asked_for', 'checkpoint_unreadable',
        'checkpoint_corrupt', 'checkpoint_lost', 'step_undone', 'execution_undone', 'question_undone'));
    perform recall_supervisor(v_row, v_row.state);
    perform set_right(v_row, v_found);
    update supervisor_states set restore_as = 'checkpoint', restore_from = null, lease_epoch = greatest(lease_epoch, 1), state = 'paused',
        paused_at = holdfast.now(), paused_by = request_user(), pause_reason = coalesce(p_reason, format('taken back to checkpoint %s', p_to))
    where venture_id = v_venture and id = p_supervisor_id;
    return emit_supervisor(v_venture, p_supervisor_id, 'supervisor.rewound', jsonb_strip_nulls(jsonb_build_object('to', p_to,
        'reason', p_reason, 'holder', v_row.lease_holder, 'by', acting_user(), 'undone', (select coalesce(jsonb_agg(f.subject), '[]')
            from told_findings(v_found) f where f.action = 'drop'))), p_got_on => true);
end
$$;

-- Begins another supervisor with what one had at a checkpoint: its input, its conversation, the results of its steps and of its
-- executions. What it asked people is asked anew: an answer was given to that one.
create function holdfast.fork_supervisor(
    p_supervisor_id uuid, p_from bigint default null, p_name text default null, p_key text default null, p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_row     supervisor_states := lock_supervisor(v_venture, p_supervisor_id);
    v_from    bigint := coalesce(p_from, v_row.checkpoint);
    v_fork    supervisor_states;
    v_id      uuid;
begin
    perform require_forkable(v_row, v_from);
    select c.id into v_id from create_supervisor(coalesce(p_name, left(v_row.name, 190) || ' (fork)'), v_row.handler, v_row.input, p_key,
        v_row.directive_id, null, v_row.priority, v_row.metadata, v_venture) c;
    v_fork := lock_supervisor(v_venture, v_id);
    if v_fork.forked_from is not null or v_fork.lease_epoch > 0 then
        return v_fork.id;  -- the key was there before
    end if;
    update supervisor_states set forked_from = v_row.id, lease_epoch = 1, restore_as = 'checkpoint', state = 'working'
    where venture_id = v_venture and id = v_fork.id;
    insert into supervisor_steps (venture_id, supervisor_id, name, status, attempt, result, started_at, ended_at, checkpoint)
    select v_venture, v_fork.id, s.name, s.status, s.attempt, s.result, s.started_at, s.ended_at, 0 from supervisor_steps s
    where s.venture_id = v_venture and s.supervisor_id = v_row.id and s.status = 'completed' and s.dropped_at is null
        and (p_from is null or s.checkpoint < p_from);
    perform fork_checkpoint(v_row, v_fork, v_from);
    perform emit_supervisor(v_venture, v_row.id, 'supervisor.forked', jsonb_strip_nulls(jsonb_build_object('supervisor_id', v_fork.id, 'from', v_from)));
    return v_fork.id;
end
$$;

create function holdfast.require_forkable(p_row holdfast.supervisor_states, p_from bigint) returns void
language plpgsql as $$
begin
    if exists (select from plans p where p.venture_id = p_row.venture_id and p.supervisor_id = p_row.id) then
        perform refuse('HF010', format('The supervisor %s runs a plan, which has one runner.', p_row.id), 'Run the plan file again.',
            jsonb_build_object('supervisor_id', p_row.id));
    end if;
    perform require_checkpoint(p_row, p_from);
    if p_from is not null and exists (select from bad_checkpoint(p_row, p_from)) then
        perform refuse('HF010', format('The checkpoint %s of the supervisor %s is not whole.', p_from, p_row.id), 'Choose one before it.',
            jsonb_build_object('supervisor_id', p_row.id, 'checkpoint', p_from));
    end if;
end
$$;

-- The first checkpoint of a fork: the texts are the same blobs, and the executions that were completed are listed as another's.
create function holdfast.fork_checkpoint(
    p_row holdfast.supervisor_states, p_fork holdfast.supervisor_states, p_from bigint)
returns void
language plpgsql as $$
declare
    v_was    checkpoints;
    v_listed jsonb;
begin
    select * into v_was from checkpoints c where c.venture_id = p_row.venture_id and c.supervisor_id = p_row.id and c.number = p_from;
    update supervisor_states set phase = v_was.standing ->> 'phase', progress = (v_was.standing ->> 'progress')::numeric,
        current_activity = v_was.standing ->> 'activity'
    where venture_id = p_fork.venture_id and id = p_fork.id;
    select coalesce(jsonb_agg(jsonb_build_object('kind', 'execution', 'id', e.id, 'key', e.key, 'of', e.supervisor_id)), '[]') into v_listed
    from listed_by(p_row.venture_id, p_row.id, p_from) l
    join agent_executions e on e.venture_id = p_row.venture_id and e.id = l.id and e.status = 'completed' and e.key is not null
    where l.kind = 'execution';
    perform add_checkpoint(p_fork, 'fork', format('of %s', p_row.name), coalesce(v_was.state, '{}'), v_listed,
        coalesce((select array_agg(c.digest) from conversation_at(p_row.venture_id, p_row.id, p_from) c), '{}'), true);
end
$$;
