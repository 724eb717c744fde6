-- What is told of a session for people to look at: its hooks, and where its files and the database differed.

-- Adds to what is known of a session's hooks: [{hook, runs, refusals, failures, seconds, longest}]. A hook runs with every
-- tool, so what ran since the last beat comes at once, and no subscriber is told.
create function holdfast.report_hooks(
    p_session_id text, p_epoch bigint, p_token uuid, p_hooks jsonb, p_venture_id uuid default null)
returns void
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_session claude_sessions := fence_session(v_venture, p_session_id, p_epoch, p_token);
begin
    perform require_few('hooks', p_hooks, 64);
    insert into session_hooks as s (venture_id, session_id, hook, runs, refusals, failures, seconds, longest, last_at)
    select v_venture, v_session.id, left(h.hook, 64), h.runs, h.refusals, h.failures, h.seconds, h.longest, holdfast.now()
    from jsonb_to_recordset(p_hooks) as h (
        hook text, runs bigint, refusals bigint, failures bigint, seconds double precision, longest double precision)
    order by 3
    on conflict on constraint session_hooks_pkey do update set
        runs = s.runs + excluded.runs, refusals = s.refusals + excluded.refusals, failures = s.failures + excluded.failures,
        seconds = s.seconds + excluded.seconds, longest = greatest(s.longest, excluded.longest), last_at = excluded.last_at;
end
$$;

-- Keeps where a session's files, its branch and the database differed: [{kind, here, truth, repaired, problem}]. Whoever
-- looked tells it, with or without the lease, which may be what they differ about. What was told before is only counted;
-- gives the event's number where it is news.
create function holdfast.report_divergences(p_session_id text, p_found jsonb, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz;
    v_id      uuid;
    v_seq     bigint;
    v_news    jsonb;
begin
    perform require_few('found', p_found, 20);
    select id into v_id from claude_sessions
    where venture_id = v_venture and session_id = p_session_id for no key update;
    if not found then
        perform refuse('HF003', format('There is no session %s.', p_session_id), 'Start it with start_session.',
            jsonb_build_object('session_id', p_session_id));
    end if;
    v_now := holdfast.now();
    with found as (
        select distinct on (kind, here, truth) left(f.kind, 64) as kind, left(f.here, 500) as here, left(f.truth, 500) as truth,
            coalesce(f.repaired, false) as repaired, left(f.problem, 500) as problem
        from jsonb_to_recordset(p_found) as f (kind text, here text, truth text, repaired boolean, problem text)
    ), kept as (
        select f.*, d.repaired as was_repaired from found f left join session_divergences d
            on (d.venture_id, d.session_id, d.kind, d.here, d.truth) = (v_venture, v_id, f.kind, f.here, f.truth)
    ), written as (
        insert into session_divergences as d (venture_id, session_id, kind, here, truth, repaired, problem, times, first_at, last_at)
        select v_venture, v_id, kind, here, truth, repaired, problem, 1, v_now, v_now from found
        on conflict on constraint session_divergences_pkey do update set
            repaired = excluded.repaired, problem = excluded.problem, times = d.times + 1, last_at = excluded.last_at
    )
    -- One that was repaired and is there again is news too.
    select jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
        'kind', kind, 'here', here, 'truth', truth, 'repaired', repaired, 'problem', problem)) order by kind, here, truth)
    into v_news from kept where was_repaired is distinct from repaired or was_repaired;
    delete from session_divergences d where d.venture_id = v_venture and d.session_id = v_id and (d.kind, d.here, d.truth) in (
        select o.kind, o.here, o.truth from session_divergences o
        where o.venture_id = v_venture and o.session_id = v_id order by o.last_at desc offset 100);
    if v_news is not null then
        update claude_sessions set seq = seq + 1 where venture_id = v_venture and id = v_id returning seq into v_seq;
        perform emit(v_venture, 'session', v_id, v_seq, 'session.diverged',
            jsonb_build_object('session_id', p_session_id, 'found', v_news), p_session_id);
    end if;
    return v_seq;
end
$$;

create function holdfast.require_few(p_what text, p_rows jsonb, p_most integer) returns void
language plpgsql immutable as $$
begin
    if jsonb_typeof(p_rows) is distinct from 'array' or jsonb_array_length(p_rows) not between 1 and p_most then
        perform refuse('HF005', format('%s is not an array of 1 to %s objects.', p_what, p_most), 'Tell of fewer at a time.');
    end if;
    perform require_size(p_what, p_rows, 65536);
end
$$;
