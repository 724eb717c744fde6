-- What a supervisor that comes back is given: for its function what it needs to go on, for its agent a message.

-- Finished steps, spawned executions, questions, the answers that came meanwhile, and where it stands.
create function holdfast.supervisor_memory(p_row holdfast.supervisor_states) returns jsonb
language sql stable as $$
    select jsonb_build_object(
        'steps', (select coalesce(jsonb_object_agg(s.name, jsonb_build_object(
                'status', s.status, 'attempt', s.attempt, 'result', s.result)), '{}')
            from holdfast.supervisor_steps s
            where s.venture_id = p_row.venture_id and s.supervisor_id = p_row.id and s.dropped_at is null),
        'executions', (select coalesce(jsonb_object_agg(e.key, e.id), '{}') from (
            select e.key, e.id from holdfast.agent_executions e where e.venture_id = p_row.venture_id
                and e.supervisor_id = p_row.id and e.key is not null and not e.metadata ? 'dropped_at'
            union all
            select l.key, l.id from holdfast.listed_by(p_row.venture_id, p_row.id, p_row.checkpoint) l
            where p_row.forked_from is not null and l.kind = 'execution' and l.of is not null) e),
        'questions', (select coalesce(jsonb_object_agg(q.key, q.id), '{}') from holdfast.questions q
            where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id and q.key is not null and not q.context ? 'dropped_at'
                and q.voided_at is null),
        'answers', (select coalesce(jsonb_agg(jsonb_build_object('question_id', q.id, 'key', q.key, 'message', q.message, 'answer', q.answer,
                'answered_by', q.answered_by) order by q.answered_at), '[]') from holdfast.questions q
            where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id and q.status in ('answered', 'delivered')
                and not q.context ? 'dropped_at' and q.voided_at is null),
        'checkpoint', p_row.checkpoint, 'phase', p_row.phase,
        'restoration', case when p_row.restoration_count > 0 then (
            select jsonb_build_object('number', r.number, 'source', r.source, 'checkpoint', r.checkpoint, 'context', r.context,
                'findings', r.findings)
            from holdfast.v_restorations r
            where r.venture_id = p_row.venture_id and r.supervisor_id = p_row.id and r.number = p_row.restoration_count) end)
$$;

-- The message to the agent: where it was, what it had done, what changed meanwhile, what is unknown, what comes next.
create function holdfast.context_for(p_row holdfast.supervisor_states, p_number integer, p_found holdfast.finding[]) returns text
language sql stable as $$
    select concat_ws(E'\n',
        holdfast.why_restored(p_row, p_number),
        holdfast.where_it_was(p_row, p_found),
        'You had done: ' || holdfast.named(p_found, 'step_completed', 'execution_completed') || '.',
        'Meanwhile: ' || holdfast.changed_meanwhile(p_row) || '.',
        'Unknown is what became of: ' || holdfast.named(p_found, 'step_interrupted', 'execution_interrupted') ||
            '. Look whether its effect has happened before you do it again.',
        'Set right: ' || (select string_agg(format('%s (%s)', f.subject, f.reason), '; ')
            from holdfast.told_findings(p_found) f where f.action <> 'keep' and f.finding not like '%_interrupted') || '.',
        holdfast.what_is_next(p_row, p_found))
$$;

create function holdfast.why_restored(p_row holdfast.supervisor_states, p_number integer) returns text
language sql stable as $$
    select format('You are %s. ', p_row.name) || case
        when p_row.forked_from is not null and p_row.restoration_count = 0 then format('You begin with what %s had.',
            (select s.name from holdfast.supervisor_states s where s.venture_id = p_row.venture_id and s.id = p_row.forked_from))
        when p_row.restore_as is not null then format('A person had you restored, for the %s time.', to_char(p_number, 'FM999999999th'))
        else format('You were interrupted%s, and are restored for the %s time.', coalesce(' at ' || to_char((select e.at
            from holdfast.end_of_lease(p_row) e) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), ''), to_char(p_number, 'FM999999999th')) end
$$;

create function holdfast.where_it_was(p_row holdfast.supervisor_states, p_found holdfast.finding[]) returns text
language sql stable as $$
    select case when f.to is null and f.back then 'You begin at the beginning: what was kept of before cannot be used.'
        else format('You were %s%s%s%s.', replace(coalesce(c.standing ->> 'state', p_row.state::text), '_', ' '),
            coalesce(', in the phase ' || coalesce(c.standing ->> 'phase', p_row.phase), ''),
            coalesce(': ' || rtrim(coalesce(c.standing ->> 'activity', p_row.current_activity), '.'), ''),
            coalesce(' (' || trim_scale(coalesce((c.standing ->> 'progress')::numeric, p_row.progress)) || ' %)', '')) end
    from (select (x.detail ->> 'to')::bigint as to, x.action is not null as back from (select 1) as one
        left join unnest(p_found) x on x.action in ('go_back', 'start_fresh') limit 1) f
    left join holdfast.checkpoints c on f.back and c.venture_id = p_row.venture_id and c.supervisor_id = p_row.id and c.number = f.to
$$;

-- The subjects of some findings, the first ten of them.
create function holdfast.named(p_found holdfast.finding[], variadic p_findings text[]) returns text
language sql immutable as $$
    select string_agg(s.subject, ', ' order by s.place) filter (where s.place <= 10)
        || case when count(*) > 10 then format(' and %s more', count(*) - 10) else '' end
    from (select f.subject, row_number() over (order by f.ordinality) as place
        from unnest(p_found) with ordinality f where f.finding = any (p_findings)) s
$$;

-- What others did since its last beat.
create function holdfast.changed_meanwhile(p_row holdfast.supervisor_states) returns text
language sql stable as $$
    select string_agg(m.told, '; ' order by m.at) from (
        (select format('%s %s', coalesce(e.key, e.name), case e.status when 'completed' then 'completed' when 'failed'
            then 'failed: ' || left(e.error_message, 200) else 'was cancelled' end) as told, e.ended_at as at
        from holdfast.agent_executions e
        where e.venture_id = p_row.venture_id and e.supervisor_id = p_row.id and e.ended_at > p_row.heartbeat_at
        order by e.ended_at limit 10)
        union all
        (select case when q.answered_at is not null then format('%s answered "%s" with %s', coalesce(q.answered_by, 'somebody'),
                left(q.message, 200), left(q.answer::text, 200)) else format('the question "%s" was %s', left(q.message, 200), q.status) end,
            coalesce(q.answered_at, q.closed_at)
        from holdfast.questions q
        where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id and coalesce(q.answered_at, q.closed_at) > p_row.heartbeat_at
        order by 2 limit 10)) as m
$$;

create function holdfast.what_is_next(p_row holdfast.supervisor_states, p_found holdfast.finding[]) returns text
language sql stable as $$
    select 'Next: ' || coalesce((select string_agg(n.told, '; ') from (values
        ('the answers that came: ' || holdfast.named(p_found, 'question_answered')),
        ('the outcome of ' || holdfast.named(p_found, 'execution_running', 'execution_pending', 'execution_interrupted')),
        ('the answer to ' || holdfast.named(p_found, 'question_open')),
        ('the steps ' || (select string_agg(s.step_key, ', ' order by s.position) from (select s.step_key, s.position
            from holdfast.plans p join holdfast.plan_steps s on s.venture_id = p.venture_id and s.plan_id = p.id
            where p.venture_id = p_row.venture_id and p.supervisor_id = p_row.id and s.ended_at is null order by s.position limit 10) s))
        ) as n (told)), 'go on with what you were doing') || '.'
$$;

-- What a restoration would find now and do about it, and what it would tell the agent; nothing is changed.
create function holdfast.preview_restoration(p_supervisor_id uuid, p_from bigint default null, p_venture_id uuid default null)
returns jsonb
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
    v_row     supervisor_states;
    v_source  restoration_source;
    v_found   finding[];
begin
    select * into v_row from supervisor_states where venture_id = v_venture and id = p_supervisor_id;
    perform require_supervisor(v_row, p_supervisor_id);
    perform require_checkpoint(v_row, p_from);
    v_row.lease_token := null;  -- whoever holds it now would not then
    v_row.restore_from := coalesce(p_from, v_row.restore_from);
    v_row.restore_as := coalesce(v_row.restore_as, case when p_from is not null then 'checkpoint' else 'manual' end::restoration_source);
    v_source := source_of(v_row, null, false);
    v_found := array(select f from find_all(v_row, v_source) f);
    return jsonb_build_object('supervisor_id', p_supervisor_id, 'source', v_source,
        'outcome', case when exists (select from unnest(v_found) f where f.action = 'finish') then 'finished'
            when exists (select from unnest(v_found) f where f.action = 'ask') then 'asked' else 'went_on' end,
        'findings', (select jsonb_agg(jsonb_build_object('step', f.step, 'finding', f.finding, 'subject', f.subject, 'action', f.action,
            'reason', f.reason)) from told_findings(v_found) f),
        'context', context_for(v_row, v_row.restoration_count + 1, v_found));
end
$$;
