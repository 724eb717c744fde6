-- What a restoration finds. Nothing here changes anything, so what it would find can be shown before.

-- Everything that may be found, the one action that follows, and what that does.
create function holdfast.restoration_rules()
returns table (rank bigint, step holdfast.restoration_step, finding text, action holdfast.restoration_action, means text)
language sql immutable parallel safe as $$
    select row_number() over (), r.step::holdfast.restoration_step, r.finding, r.action::holdfast.restoration_action, r.means from (values
        ('load', 'state_loaded', 'keep', 'its state is there'),
        ('load', 'state_missing', 'start_fresh', 'it kept nothing before it died: it begins at the beginning, and the log has a warning'),
        ('open', 'work_open', 'keep', 'the work is still to be done'),
        ('open', 'work_done', 'keep', 'its plan is over: it only has to say so'),
        ('open', 'work_completed', 'finish', 'somebody completed its directive meanwhile: it ends'),
        ('open', 'work_cancelled', 'finish', 'its directive was cancelled meanwhile: it ends, with all that it spawned and asked'),
        ('open', 'work_blocked', 'ask', 'its directive was blocked meanwhile: a person says whether it goes on'),
        ('validate', 'state_drawn', 'keep', 'its state is one that it can be in'),
        ('validate', 'state_undrawn', 'repair', 'no drawn move leads back to starting: it is working'),
        ('validate', 'progress_out_of_range', 'repair', 'its progress is no percentage: it is unknown'),
        ('validate', 'checkpoint_good', 'keep', 'its checkpoint can be read, and its digest is right'),
        ('validate', 'checkpoint_asked_for', 'go_back', 'a person named the checkpoint'),
        ('validate', 'checkpoint_unreadable', 'go_back', 'a text of it is gone: it goes on from the newest one before that is whole'),
        ('validate', 'checkpoint_corrupt', 'go_back', 'its digest is wrong: it goes on from the newest one before that is whole'),
        ('validate', 'checkpoint_lost', 'start_fresh', 'none that it stands on is whole: it begins at the beginning'),
        ('validate', 'plan_checkpoint_bad', 'repair', 'what the runner of a plan knows is in the plan''s rows: it lists them anew'),
        ('validate', 'step_undone', 'drop', 'it came after the checkpoint: it runs again'),
        ('validate', 'execution_undone', 'drop', 'it came after the checkpoint: it is cancelled, and begun anew when the supervisor gets there'),
        ('validate', 'execution_missing', 'respawn', 'it is listed and not there: the supervisor spawns it anew when it gets there'),
        ('validate', 'execution_foreign', 'drop', 'it is another supervisor''s now: the supervisor spawns its own when it gets there'),
        ('validate', 'execution_unlisted', 'repair', 'it is the supervisor''s own and not listed: it is listed'),
        ('validate', 'execution_without_worker', 'respawn', 'its creator ran it and died with it: it is begun anew'),
        ('validate', 'execution_interrupted', 'repair', 'its worker died too: it is free for another one'),
        ('validate', 'question_undone', 'drop', 'it came after the checkpoint: it is withdrawn, and asked anew when the supervisor gets there'),
        ('validate', 'question_missing', 'drop', 'it is listed and not there: the supervisor asks it anew when it gets there'),
        ('validate', 'question_foreign', 'drop', 'it is another''s now: the supervisor asks its own when it gets there'),
        ('validate', 'question_unlisted', 'repair', 'it is the supervisor''s own and not listed: it is listed'),
        ('validate', 'question_overdue', 'repair', 'its time ran out while nobody looked: it expires now'),
        ('validate', 'answer_invalid', 'ask', 'its answer is none of those that it allows: a person looks at it'),
        ('validate', 'claim_held', 'keep', 'its session holds the directive'),
        ('validate', 'claim_lapsed', 'repair', 'its session holds the directive no longer, and nobody else does: it goes on without, and claims anew'),
        ('validate', 'claim_taken', 'ask', 'another session holds the directive: a person says who works on it'),
        ('validate', 'accepted', 'keep', 'a person has said that it goes on all the same'),
        ('validate', 'lease_new', 'keep', 'no writer before can still write'),
        ('validate', 'lease_reused', 'keep', 'it was restored under this lease before'),
        ('restore', 'step_completed', 'keep', 'its result is kept; it does not run again'),
        ('restore', 'step_failed', 'keep', 'it runs again if the supervisor comes there again'),
        ('restore', 'step_interrupted', 'repair', 'whether its effect happened is unknown; it runs again, and is told so'),
        ('restore', 'conversation_restored', 'keep', 'every text of it is there'),
        ('restore', 'execution_completed', 'keep', 'its result is kept'),
        ('restore', 'execution_failed', 'keep', 'its outcome is kept'),
        ('restore', 'execution_cancelled', 'keep', 'its outcome is kept'),
        ('restore', 'question_settled', 'keep', 'it is settled'),
        ('answers', 'question_answered', 'keep', 'its answer was not consumed and is handed over'),
        ('questions', 'question_open', 'keep', 'it is still open, and waits for a person as before'),
        ('tasks', 'execution_pending', 'keep', 'it waits for a worker'),
        ('tasks', 'execution_running', 'keep', 'it runs under a lease of its own; it is waited for'),
        ('context', 'context_given', 'keep', 'the agent is told where it was and what changed'),
        ('count', 'restoration_counted', 'keep', 'it is written down'),
        ('go_on', 'goes_on', 'keep', 'its function runs')
    ) as r (step, finding, action, means)
$$;

-- What its line lists: of each thing the newest word.
create function holdfast.listed_by(p_venture_id uuid, p_supervisor_id uuid, p_checkpoint bigint)
returns table (kind text, id uuid, key text, of uuid)
language sql stable as $$
    select n.kind, n.id, n.key, n.of from (
        select distinct on (e.value ->> 'kind', e.value ->> 'id') e.value ->> 'kind' as kind, (e.value ->> 'id')::uuid as id,
            e.value ->> 'key' as key, (e.value ->> 'of')::uuid as of, e.value ? 'dropped' as dropped
        from holdfast.checkpoint_line(p_venture_id, p_supervisor_id, p_checkpoint) l
        cross join lateral jsonb_array_elements(l.listed) as e (value)
        order by e.value ->> 'kind', e.value ->> 'id', l.number desc) n
    where not n.dropped
$$;

-- All that is found about a supervisor that comes back to a checkpoint, in the order of the protocol. Its row is as its last
-- holder left it.
create function holdfast.find_all(p_row holdfast.supervisor_states, p_source holdfast.restoration_source)
returns setof holdfast.finding
language plpgsql stable as $$
declare
    v_at   finding := find_checkpoint(p_row);
    v_to   bigint := case when v_at.action in ('go_back', 'start_fresh') then (v_at.detail ->> 'to')::bigint else p_row.checkpoint end;
    v_back boolean := coalesce(v_at.action in ('go_back', 'start_fresh'), false);
    v_all  finding[];
    v_stop restoration_action;
begin
    select array_agg(case when r.action = 'ask' and is_accepted(p_row, f.finding, f.subject)
        then row(null, 'accepted', f.subject, null, f.finding || ': ' || coalesce(f.reason, r.means), f.detail)::finding
        else row(null, f.finding, f.subject, null, f.reason, f.detail)::finding end) into v_all from (
        select * from find_state(p_row)
        union all select * from find_work(p_row)
        union all select v_at.finding, v_at.subject, v_at.reason, v_at.detail where v_at.finding is not null
        union all select * from find_claim(p_row)
        union all select * from find_steps(p_row, v_to, v_back)
        union all select * from find_conversation(p_row, v_to)
        union all select * from find_executions(p_row, v_to, v_back)
        union all select * from find_questions(p_row, v_to, v_back)
        union all select * from find_end(p_row, p_source)) f join restoration_rules() r on r.finding = f.finding;
    select case when bool_or(r.action = 'finish') then 'finish' when bool_or(r.action = 'ask') then 'ask' end into v_stop
    from unnest(v_all) f join restoration_rules() r on r.finding = f.finding;
    return query
    select r.step, f.finding, f.subject, r.action, coalesce(f.reason, r.means), coalesce(f.detail, '{}')
    from unnest(v_all) with ordinality f join restoration_rules() r on r.finding = f.finding
    where case v_stop when 'finish' then r.step in ('load', 'open', 'count') when 'ask' then r.step in ('load', 'open', 'validate', 'count')
        else true end
    order by r.rank, f.ordinality;
end
$$;

create function holdfast.find_state(p_row holdfast.supervisor_states)
returns table (finding text, subject text, reason text, detail jsonb)
language sql stable as $$
    with has as (
        select p_row.checkpoint is not null or p_row.current_activity is not null or p_row.progress is not null or p_row.phase is not null
            or exists (select from holdfast.supervisor_steps s where s.venture_id = p_row.venture_id and s.supervisor_id = p_row.id)
            or exists (select from holdfast.agent_executions e where e.venture_id = p_row.venture_id and e.supervisor_id = p_row.id)
            or exists (select from holdfast.questions q where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id) as begun
    )
    select case when begun or p_row.state <> 'starting' then 'state_loaded' else 'state_missing' end, p_row.state::text, null::text, null::jsonb from has
    union all
    select case when begun and p_row.state = 'starting' then 'state_undrawn' else 'state_drawn' end, p_row.state::text, null::text, null::jsonb from has
    union all
    select 'progress_out_of_range', p_row.progress::text, null::text, null::jsonb where p_row.progress not between 0 and 100
$$;

-- Is the work still open? Before anything else.
create function holdfast.find_work(p_row holdfast.supervisor_states)
returns table (finding text, subject text, reason text, detail jsonb)
language sql stable as $$
    select case when p.ended_at is not null then 'work_done'
            when d.status in ('completed', 'cancelled', 'blocked') then 'work_' || d.status else 'work_open' end,
        coalesce(d.sd_key, p_row.name),
        case when d.status = 'blocked' and p.ended_at is null then 'its directive was blocked meanwhile: ' || d.blocked_reason end,
        jsonb_strip_nulls(jsonb_build_object('directive_id', d.id, 'plan_id', p.id))
    from (select p_row.venture_id as venture_id, p_row.id as id, p_row.directive_id as directive_id) s
    left join holdfast.directives d on d.venture_id = s.venture_id and d.id = s.directive_id
    left join holdfast.plans p on p.venture_id = s.venture_id and p.supervisor_id = s.id
$$;

-- The checkpoint that it stands on, or the one that a person named, with where it goes on from in the detail.
create function holdfast.find_checkpoint(p_row holdfast.supervisor_states) returns holdfast.finding
language plpgsql stable as $$
declare
    v_at   bigint := coalesce(p_row.restore_from, p_row.checkpoint);
    v_bad  record;
    v_to   bigint;
    v_what text;
begin
    if v_at is null then
        return null;
    end if;
    select * into v_bad from bad_checkpoint(p_row, v_at);
    if not found then
        return finding_of(case when p_row.restore_from is null then 'checkpoint_good' else 'checkpoint_asked_for' end, v_at::text, null,
            jsonb_build_object('to', v_at));
    end if;
    v_to := v_bad.parent;
    v_what := case when exists (select from plans p where p.venture_id = p_row.venture_id and p.supervisor_id = p_row.id)
        then 'plan_checkpoint_bad' when v_to is null then 'checkpoint_lost' else v_bad.what end;
    return finding_of(v_what, v_bad.number::text, case when v_to is not null and v_what <> 'plan_checkpoint_bad'
        then format('%s: it goes on from %s', v_bad.why, v_to) else null end, jsonb_build_object('to', v_to, 'why', v_bad.why));
end
$$;

create function holdfast.finding_of(p_finding text, p_subject text, p_reason text, p_detail jsonb) returns holdfast.finding
language sql stable as $$
    select row(r.step, r.finding, p_subject, r.action, coalesce(p_reason, r.means), p_detail)::holdfast.finding
    from holdfast.restoration_rules() r where r.finding = p_finding
$$;

-- The oldest checkpoint of a line that is not as it was written: all that stand on it are worth nothing.
create function holdfast.bad_checkpoint(p_row holdfast.supervisor_states, p_number bigint)
returns table (number bigint, parent bigint, what text, why text)
language sql stable as $$
    with line as materialized (
        select l.number, l.parent, l.digest, holdfast.digest_of(l, (select p.digest from holdfast.checkpoints p
            where p.venture_id = l.venture_id and p.supervisor_id = l.supervisor_id and p.number = l.parent)) as right_digest
        from holdfast.checkpoint_line(p_row.venture_id, p_row.id, p_number) l
    )
    select l.number, l.parent, case when t.missing then 'checkpoint_unreadable' else 'checkpoint_corrupt' end,
        case when t.missing then 'a text of it is gone' else 'its digest is wrong' end
    from line l left join (
        select c.number, bool_or(c.content is null) as missing, bool_or(sha256(c.content) <> c.digest) as wrong
        from holdfast.conversation_at(p_row.venture_id, p_row.id, p_number) c group by c.number) t on t.number = l.number
    where t.missing or t.wrong or l.digest <> l.right_digest
    order by l.number limit 1
$$;

create function holdfast.find_claim(p_row holdfast.supervisor_states)
returns table (finding text, subject text, reason text, detail jsonb)
language sql stable as $$
    select case when c.session_id = p_row.session_id and c.lease_expires_at > holdfast.now() then 'claim_held'
            when c.lease_expires_at > holdfast.now() and c.session_id is not null then 'claim_taken' else 'claim_lapsed' end,
        d.sd_key, case when c.session_id <> p_row.session_id and c.lease_expires_at > holdfast.now()
            then format('the session %s holds it until %s: a person says who works on it', s.session_id, c.lease_expires_at) end,
        jsonb_strip_nulls(jsonb_build_object('session_id', c.session_id))
    from holdfast.directives d
    left join holdfast.directive_claims c on c.venture_id = d.venture_id and c.directive_id = d.id
    left join holdfast.claude_sessions s on s.venture_id = c.venture_id and s.id = c.session_id
    where d.venture_id = p_row.venture_id and d.id = p_row.directive_id and p_row.session_id is not null and d.status = 'active'
$$;

create function holdfast.find_steps(p_row holdfast.supervisor_states, p_to bigint, p_back boolean)
returns table (finding text, subject text, reason text, detail jsonb)
language sql stable as $$
    select case when p_back and s.checkpoint >= coalesce(p_to, 0) then 'step_undone'
            when s.status = 'running' then 'step_interrupted' else 'step_' || s.status end, s.name::text,
        case when s.status = 'running' and not (p_back and s.checkpoint >= coalesce(p_to, 0))
            then format('it was running in attempt %s, and whether its effect happened is unknown; it runs again, and is told so', s.attempt) end,
        null::jsonb
    from holdfast.supervisor_steps s
    where s.venture_id = p_row.venture_id and s.supervisor_id = p_row.id and s.dropped_at is null
    order by s.started_at, s.name
$$;

create function holdfast.find_conversation(p_row holdfast.supervisor_states, p_to bigint)
returns table (finding text, subject text, reason text, detail jsonb)
language sql stable as $$
    select 'conversation_restored', format('%s %s', count(*), case count(*) when 1 then 'text' else 'texts' end), null::text, jsonb_build_object('texts', count(*), 'bytes', sum(octet_length(c.content)))
    from holdfast.conversation_at(p_row.venture_id, p_row.id, p_to) c having count(*) > 0
$$;

-- Every execution that is listed, and every one that says it is the supervisor's own.
create function holdfast.find_executions(p_row holdfast.supervisor_states, p_to bigint, p_back boolean)
returns table (finding text, subject text, reason text, detail jsonb)
language sql stable as $$
    with listed as (
        select * from holdfast.listed_by(p_row.venture_id, p_row.id, p_to) where kind = 'execution'
    ), known as (
        select l.id from listed l
        union select e.id from holdfast.agent_executions e where e.venture_id = p_row.venture_id and e.supervisor_id = p_row.id
    ), seen as (
        select k.id, e.id is not null as there, l.id is not null as is_listed, coalesce(e.key, l.key, e.name) as name, e.created_at,
            e.supervisor_id is not distinct from coalesce(l.of, p_row.id) as own, e.status, e.ended_at is not null as ended,
            e.lease_token is not null and e.lease_expires_at > holdfast.now() as held,
            e.kind is null and e.lease_epoch > 0 and (e.status = 'failed' and e.lease_token is null
                or e.ended_at is null and e.lease_expires_at <= holdfast.now()) as left_behind,
            e.lease_expires_at, e.attempt
        from known k left join listed l on l.id = k.id
        left join holdfast.agent_executions e on e.venture_id = p_row.venture_id and e.id = k.id
        where e.metadata is null or not e.metadata ? 'dropped_at'
    )
    select case when not there then 'execution_missing'
            when not own then 'execution_foreign'
            when not is_listed and p_back then 'execution_undone'
            when left_behind then 'execution_without_worker'
            when not is_listed then 'execution_unlisted'
            when ended or held or status = 'pending' then 'execution_' || status
            when status = 'running' then 'execution_interrupted' end,
        coalesce(name, id::text), null::text, jsonb_build_object('id', id)
    from seen order by created_at, id
$$;

create function holdfast.find_questions(p_row holdfast.supervisor_states, p_to bigint, p_back boolean)
returns table (finding text, subject text, reason text, detail jsonb)
language sql stable as $$
    with listed as (
        select * from holdfast.listed_by(p_row.venture_id, p_row.id, p_to) where kind = 'question'
    ), known as (
        select l.id from listed l
        union select q.id from holdfast.questions q where q.venture_id = p_row.venture_id and q.supervisor_id = p_row.id
    ), seen as (
        select k.id, q.id is not null as there, l.id is not null as is_listed, coalesce(q.key, left(q.message, 200), l.key) as name, q.created_at,
            q.supervisor_id is not distinct from p_row.id as own, q.status, q.expires_at <= holdfast.now() as late,
            q.status in ('answered', 'delivered') and (q.options is not null and not q.options @> jsonb_build_array(q.answer)
                or q.schema is not null and holdfast.value_fault(q.answer, q.schema) is not null) as wrong
        from known k left join listed l on l.id = k.id
        left join holdfast.questions q on q.venture_id = p_row.venture_id and q.id = k.id
        where q.context is null or not (q.context ? 'dropped_at' or q.context ? 'restoration' or q.voided_at is not null)
    )
    select case when not there then 'question_missing'
            when not own then 'question_foreign'
            when not is_listed and p_back then 'question_undone'
            when not is_listed then 'question_unlisted'
            when status = 'open' and late then 'question_overdue'
            when wrong then 'answer_invalid'
            when status = 'open' then 'question_open'
            when status in ('answered', 'delivered') then 'question_answered'
            else 'question_settled' end,
        coalesce(name, id::text), null::text, jsonb_build_object('id', id)
    from seen order by created_at, id
$$;

-- The lease, the message to the agent, and the count.
create function holdfast.find_end(p_row holdfast.supervisor_states, p_source holdfast.restoration_source)
returns table (finding text, subject text, reason text, detail jsonb)
language sql stable as $$
    with lease as (
        select case when p_row.lease_token is not null and p_row.lease_expires_at > holdfast.now() then p_row.lease_epoch
            else p_row.lease_epoch + 1 end as epoch
    )
    select case when exists (select from holdfast.supervisor_restorations r where r.venture_id = p_row.venture_id
            and r.supervisor_id = p_row.id and r.epoch >= l.epoch) then 'lease_reused' else 'lease_new' end,
        'epoch ' || l.epoch, null::text, jsonb_build_object('epoch', l.epoch) from lease l
    union all select 'context_given', p_row.name::text, null::text, null::jsonb
    union all select 'restoration_counted', p_source::text, format('restoration %s', p_row.restoration_count + 1), null::jsonb
    union all select 'goes_on', p_row.name::text, null::text, null::jsonb
$$;
