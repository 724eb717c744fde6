-- Catalogues that workers compare with what was kept of them. Lock order: the watch, who asks about it, the question, the venture.

-- Keeps a catalogue under a name, and has it compared from now on; keeping it anew settles what was asked about it.
create function holdfast.keep_catalogue(
    p_name text, p_target text, p_catalogue jsonb, p_every_seconds double precision default 3600, p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_now     timestamptz := holdfast.now();
    v_watch   drift_watches;
begin
    perform require_size(format('The catalogue %s', p_name), p_catalogue, 8388608);
    if p_target ~ '://[^/@]*:[^/@]*@' then
        perform refuse('HF005', 'target has a password in it, which everybody in the venture could read.',
            'Put the address into an environment variable of the workers and give env:VARIABLE.');
    elsif p_every_seconds is null or not p_every_seconds between 10 and 2678400 then
        perform refuse('HF005', format('every_seconds = %s is not between 10 and 2678400.', p_every_seconds), 'Such as 3600, an hour.');
    elsif jsonb_typeof(p_catalogue -> 'objects') is distinct from 'object' or jsonb_typeof(p_catalogue -> 'schemas') is distinct from 'array' then
        perform refuse('HF005', 'catalogue has no objects and schemas.', 'Give what holdfast verify drift --keep writes.');
    end if;
    insert into drift_watches (venture_id, id, name, target, every_seconds, expected, status, created_at, checked_at, next_at)
    values (v_venture, uuid7(), p_name, p_target, p_every_seconds, p_catalogue, 'as_expected', v_now, v_now, v_now)
    on conflict (venture_id, name) do update set target = excluded.target, every_seconds = excluded.every_seconds,
        next_at = excluded.next_at
    returning * into v_watch;
    perform expect_catalogue(v_watch, p_catalogue, 'The catalogue was kept anew.');
    perform emit_drift(v_venture, 'drift.kept', v_watch, jsonb_build_object('every_seconds', p_every_seconds));
    return v_watch.id;
end
$$;

create function holdfast.forget_catalogue(p_name text, p_venture_id uuid default null) returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_watch   drift_watches;
begin
    select * into v_watch from drift_watches where venture_id = v_venture and name = p_name for update;
    if not found then
        perform refuse('HF003', format('No catalogue is kept under the name %s.', p_name), 'List them with: holdfast verify watches',
            jsonb_build_object('name', p_name));
    end if;
    perform settle_drift(v_watch, 'Nobody watches it any more.');
    delete from drift_watches where venture_id = v_venture and id = v_watch.id;
    return emit_drift(v_venture, 'drift.forgotten', v_watch, '{}');
end
$$;

-- Takes what is due, or was given to somebody who died over it, or whose question was answered meanwhile.
create function holdfast.claim_drift_checks(
    p_holder text, p_limit integer default 1, p_lease_seconds double precision default 300, p_venture_id uuid default null)
returns table (id uuid, name holdfast.label, target text, expected jsonb, epoch bigint, token uuid)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz := holdfast.now();
    v_limit   integer := require_limit(p_limit, 100);
    v_lease   interval := require_lease_seconds(p_lease_seconds);
begin
    return query
    with due as (
        select w.id from drift_watches w
        where w.venture_id = v_venture and coalesce(w.lease_expires_at <= v_now, true)
            and (w.next_at <= v_now or w.lease_expires_at is not null or exists (
                select from questions q where q.venture_id = w.venture_id and q.id = w.question_id and q.status = 'answered'))
        order by w.next_at, w.id limit v_limit for no key update skip locked
    )
    update drift_watches w set lease_epoch = w.lease_epoch + 1, lease_token = gen_random_uuid(), lease_holder = p_holder,
        lease_expires_at = v_now + v_lease
    from due where w.venture_id = v_venture and w.id = due.id
    returning w.id, w.name, w.target, w.expected, w.lease_epoch, w.lease_token;
end
$$;

-- Gives a look back that was not made, for whoever comes next.
create function holdfast.release_drift_check(p_watch_id uuid, p_epoch bigint, p_token uuid, p_venture_id uuid default null) returns void
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz := holdfast.now();
    v_watch   drift_watches;
begin
    update drift_watches set lease_token = null, lease_expires_at = null
    where venture_id = v_venture and id = p_watch_id and p_token is not null
        and holds(lease_epoch, lease_token, lease_expires_at, p_epoch, p_token, v_now);
    if not found then
        v_watch := require_watch(v_venture, p_watch_id);
        perform refuse_stale('watch', v_watch.name, v_watch.lease_epoch, v_watch.lease_token, v_watch.lease_expires_at,
            v_watch.lease_holder, p_epoch, p_token, v_now);
    end if;
end
$$;

create function holdfast.require_watch(p_venture_id uuid, p_watch_id uuid) returns holdfast.drift_watches
language plpgsql as $$
declare
    v_watch drift_watches;
begin
    select * into v_watch from drift_watches where venture_id = p_venture_id and id = p_watch_id for no key update;
    if not found then
        perform refuse('HF003', format('There is no watch %s.', p_watch_id), 'Somebody has forgotten it: stop looking.');
    end if;
    return v_watch;
end
$$;

-- Notes what a look found: what differs, with the catalogue as it is, or why it could not be had. New drift is told once, and a
-- person is asked; `accept` holds for the drift that was shown and no other.
create function holdfast.record_drift(
    p_watch_id uuid, p_epoch bigint, p_token uuid, p_drift jsonb default null, p_catalogue jsonb default null,
    p_problem text default null, p_venture_id uuid default null)
returns holdfast.drift_status
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz := holdfast.now();
    v_watch   drift_watches := require_watch(v_venture, p_watch_id);
    v_status  drift_status;
begin
    if not holds(v_watch.lease_epoch, v_watch.lease_token, v_watch.lease_expires_at, p_epoch, p_token, v_now) then
        perform refuse_stale('watch', v_watch.name, v_watch.lease_epoch, v_watch.lease_token, v_watch.lease_expires_at,
            v_watch.lease_holder, p_epoch, p_token, v_now);
    elsif p_token is null then
        perform refuse('HF001', format('The watch %s is looked at under a lease.', v_watch.name), 'Take it with claim_drift_checks.');
    elsif num_nonnulls(p_drift, p_problem) <> 1 then
        perform refuse('HF005', 'A look found something, or could not be had.', 'Give p_drift or p_problem.');
    end if;
    if p_problem is not null then
        v_status := note_problem(v_watch, p_problem);
    elsif p_drift = '[]' then
        v_status := 'as_expected';
        if v_watch.status = 'drifted' then
            perform expect_catalogue(v_watch, v_watch.expected, 'It is again as it was kept.');
            perform emit_drift(v_venture, 'drift.gone', v_watch, '{}');
        end if;
    elsif v_watch.status = 'drifted' and v_watch.drift_digest = sha256(convert_to(p_drift::text, 'UTF8')) then
        v_status := follow_answer(v_watch, p_catalogue);
    else
        v_status := 'drifted';
        perform tell_drift(v_watch, p_drift);
    end if;
    update drift_watches set lease_token = null, lease_expires_at = null, next_at = v_now + make_interval(secs => every_seconds),
        problem = left(p_problem, 2000), checked_at = case when p_problem is null then v_now else checked_at end
    where venture_id = v_venture and id = p_watch_id;
    return v_status;
end
$$;

-- Why nobody could look is told once; what was known stays known.
create function holdfast.note_problem(p_watch holdfast.drift_watches, p_problem text) returns holdfast.drift_status
language plpgsql as $$
begin
    if p_watch.problem is distinct from left(p_problem, 2000) then
        perform emit_drift(p_watch.venture_id, 'drift.unseen', p_watch, jsonb_build_object('problem', left(p_problem, 500)));
    end if;
    return p_watch.status;
end
$$;

-- New drift: an event, and a question to a person.
create function holdfast.tell_drift(p_watch holdfast.drift_watches, p_drift jsonb) returns void
language plpgsql as $$
declare
    v_count      integer := jsonb_array_length(p_drift);
    v_some       text := (select string_agg(format('%s %s', d ->> 'what', d ->> 'object'), ', ' order by n)
        from jsonb_array_elements(p_drift) with ordinality as e (d, n) where n <= 5);
    v_supervisor uuid;
    v_question   uuid;
begin
    perform settle_drift(p_watch, 'Other things differ now.');
    select s.id into v_supervisor from create_supervisor(left('drift of ' || p_watch.name, 200),
        p_metadata => jsonb_build_object('drift_watch', p_watch.name), p_venture_id => p_watch.venture_id) as s;
    perform save_supervisor(v_supervisor, null, null, 'waiting_for_answers', 'Somebody has to say whether this is right.',
        p_venture_id => p_watch.venture_id);
    select q.id into v_question from ask_question(format('%s is not as it was kept: %s%s. Is that right?', p_watch.name, v_some,
        case when v_count > 5 then format(' and %s more', v_count - 5) else '' end), v_supervisor, p_key => 'drift',
        p_options => '["accept", "keep"]', p_context => jsonb_build_object('target', p_watch.target, 'drift', (
            select jsonb_agg(d order by n) from jsonb_array_elements(p_drift) with ordinality as e (d, n) where n <= 50)),
        p_venture_id => p_watch.venture_id) as q;
    update drift_watches set status = 'drifted', drift = p_drift, drift_digest = sha256(convert_to(p_drift::text, 'UTF8')),
        supervisor_id = v_supervisor, question_id = v_question
    where venture_id = p_watch.venture_id and id = p_watch.id;
    perform emit_drift(p_watch.venture_id, 'drift.found', p_watch, jsonb_build_object('differ', v_count, 'some', v_some,
        'question_id', v_question));
end
$$;

-- The same drift again: has somebody said that it is right? Who said `keep` is not asked again about it.
create function holdfast.follow_answer(p_watch holdfast.drift_watches, p_catalogue jsonb) returns holdfast.drift_status
language plpgsql as $$
declare
    v_answer jsonb := (select q.answer from questions q where q.venture_id = p_watch.venture_id and q.id = p_watch.question_id);
begin
    if v_answer is null then
        return 'drifted';
    elsif v_answer <> '"accept"' or p_catalogue is null then
        perform settle_drift(p_watch, 'It was answered.');
        return 'drifted';
    end if;
    perform expect_catalogue(p_watch, p_catalogue, 'It was answered.');
    perform emit_drift(p_watch.venture_id, 'drift.accepted', p_watch, '{}');
    return 'as_expected';
end
$$;

-- From now on this is expected, and nothing differs.
create function holdfast.expect_catalogue(p_watch holdfast.drift_watches, p_catalogue jsonb, p_reason text) returns void
language plpgsql as $$
begin
    perform settle_drift(p_watch, p_reason);
    update drift_watches set expected = p_catalogue, status = 'as_expected', drift = null, drift_digest = null
    where venture_id = p_watch.venture_id and id = p_watch.id;
end
$$;

-- Brings what was asked about a watch to its end.
create function holdfast.settle_drift(p_watch holdfast.drift_watches, p_reason text) returns void
language plpgsql as $$
declare
    v_status question_status;
begin
    if p_watch.question_id is null then
        return;
    end if;
    select (q).status into v_status from lock_question(p_watch.venture_id, p_watch.question_id) as q;
    if v_status = 'open' then
        perform withdraw_question(p_watch.question_id, p_reason => p_reason, p_venture_id => p_watch.venture_id);
    elsif v_status = 'answered' then
        perform deliver_answer(p_watch.question_id, null, null, p_watch.venture_id);
        perform acknowledge_answer(p_watch.question_id, null, null, p_watch.venture_id);
    end if;
    perform finish_supervisor(s.id, null, null, 'completed', jsonb_build_object('reason', p_reason), p_venture_id => s.venture_id)
    from supervisor_states s
    where s.venture_id = p_watch.venture_id and s.id = p_watch.supervisor_id and s.ended_at is null;
    update drift_watches set supervisor_id = null, question_id = null where venture_id = p_watch.venture_id and id = p_watch.id;
end
$$;

-- A watch's events stand in the stream of its venture.
create function holdfast.emit_drift(p_venture_id uuid, p_type text, p_watch holdfast.drift_watches, p_data jsonb) returns bigint
language plpgsql as $$
declare
    v_seq bigint;
begin
    update ventures set seq = seq + 1 where venture_id = p_venture_id returning seq into v_seq;
    perform emit(p_venture_id, 'venture', p_venture_id, v_seq, p_type,
        jsonb_build_object('watch', p_watch.name, 'target', p_watch.target) || jsonb_strip_nulls(p_data));
    return v_seq;
end
$$;
