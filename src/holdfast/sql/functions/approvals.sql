-- An approval is for exactly one action, and void when that has changed.

-- A value as text that is the same wherever it is made: keys in the order of their bytes, no spaces, numbers without
-- zeros that say nothing.
create function holdfast.canonical_json(p_value jsonb) returns text
language plpgsql immutable parallel safe as $$
begin
    return case jsonb_typeof(p_value)
        when 'object' then (select '{' || coalesce(string_agg(to_jsonb(e.key)::text || ':' || canonical_json(e.value), ','
            order by e.key collate "C"), '') || '}' from jsonb_each(p_value) as e)
        when 'array' then (select '[' || coalesce(string_agg(canonical_json(e.value), ',' order by e.ordinality), '') || ']'
            from jsonb_array_elements(p_value) with ordinality as e)
        when 'number' then trim_scale(p_value::numeric)::text
        else p_value::text end;
end
$$;

create function holdfast.action_digest(p_action jsonb) returns bytea
language sql immutable parallel safe as $$
    select sha256(convert_to(holdfast.canonical_json(p_action), 'UTF8'))
$$;

-- Whether an approval that somebody gave is for exactly this action, and why not.
create function holdfast.approval_of(p_question_id uuid, p_action_digest bytea, p_venture_id uuid default null)
returns table (holds boolean, answer jsonb, answered_by text, answered_at timestamptz, reason text)
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture  uuid := enter(p_venture_id, 'viewer');
    v_question questions;
begin
    select * into v_question from questions q where q.venture_id = v_venture and q.id = p_question_id;
    if not found then
        perform refuse('HF003', format('There is no question %s.', p_question_id), 'List the open ones with: holdfast questions',
            jsonb_build_object('question_id', p_question_id));
    end if;
    reason := why_no_approval(v_question, p_action_digest);
    return query select reason is null, v_question.answer::jsonb, v_question.answered_by, v_question.answered_at, reason;
end
$$;

create function holdfast.why_no_approval(p_question holdfast.questions, p_action_digest bytea) returns text
language sql immutable as $$
    select case
        when p_question.voided_at is not null
            then format('The approval %s is void since %s: what it was for has changed.', p_question.id, p_question.voided_at)
        when p_question.status in ('open', 'withdrawn') or p_question.answer is null
            then format('The question %s is not answered; it is %s.', p_question.id, p_question.status)
        when p_question.action_digest is distinct from p_action_digest
            then format('The approval %s is for another action than this one.', p_question.id) end
$$;

-- Refuses what nobody has approved as it is now; asking again under the same key with the action asks anew.
create function holdfast.require_approval(p_question holdfast.questions, p_action jsonb) returns void
language plpgsql as $$
declare
    v_digest bytea := action_digest(p_action);
    v_why    text := why_no_approval(p_question, v_digest);
begin
    if v_why is not null then
        perform refuse(case when p_question.answer is null then 'HF010' else 'HF009' end, v_why,
            case when p_question.answer is null then 'Answer it with: holdfast answer' else 'Ask again for what there is now.' end,
            jsonb_build_object('question_id', p_question.id, 'action_digest', encode(v_digest, 'hex'),
                'approved_digest', encode(p_question.action_digest, 'hex')));
    end if;
end
$$;

-- Takes a question, whose row and asker are locked, out of the way of one that replaces it.
create function holdfast.void_question(p_question holdfast.questions, p_reason text) returns void
language plpgsql as $$
begin
    if p_question.status = 'open' then
        perform withdraw_locked_question(p_question, p_reason);
    end if;
    update questions set voided_at = holdfast.now() where venture_id = p_question.venture_id and id = p_question.id;
    perform emit_question(p_question.venture_id, p_question.supervisor_id, p_question.session_id, 'voided', p_question.id,
        jsonb_build_object('reason', p_reason));
end
$$;

-- What waits for the answer to a question that is being asked: a gate's step and those that need it, the work of the
-- session or the supervisor that asks; and what the asker itself says.
create function holdfast.blocked_by_question(
    p_venture_id uuid, p_supervisor_id uuid, p_session_id uuid, p_plan_id uuid, p_step_key text, p_said jsonb)
returns jsonb
language plpgsql stable as $$
begin
    if jsonb_typeof(p_said) <> 'array' or jsonb_array_length(p_said) > 20 then
        perform refuse('HF005', 'blocks is not a list of at most 20.', 'Name what waits, each by a text.', '{"field": "blocks"}');
    end if;
    return coalesce((select jsonb_agg(case jsonb_typeof(s.value) when 'object' then s.value
            else jsonb_build_object('noun', 'work', 'name', s.value #>> '{}') end)
        from jsonb_array_elements(p_said) as s), '[]')
        || case when p_plan_id is not null then blocked_steps(p_venture_id, p_plan_id, p_step_key)
            else blocked_work(p_venture_id, p_supervisor_id, p_session_id) end;
end
$$;

-- A step and those that need it, at most 20, in the plan's order.
create function holdfast.blocked_steps(p_venture_id uuid, p_plan_id uuid, p_step_key text) returns jsonb
language sql stable as $$
    with recursive steps as (
        select distinct on (s.step_key) s.step_key, s.title, s.position, s.needs from holdfast.plan_steps s
        where s.venture_id = p_venture_id and s.plan_id = p_plan_id order by s.step_key, s.round desc
    ), blocked as (
        select s.step_key from steps s where s.step_key = p_step_key
        union
        select s.step_key from blocked b join steps s on b.step_key = any (s.needs)
    )
    select coalesce(jsonb_agg(jsonb_build_object('noun', 'step', 'name', s.step_key, 'title', s.title, 'plan_id', p_plan_id)
        order by s.position), '[]')
    from (select s.* from steps s join blocked b using (step_key) order by s.position limit 20) s
$$;

create function holdfast.blocked_work(p_venture_id uuid, p_supervisor_id uuid, p_session_id uuid) returns jsonb
language sql stable as $$
    select coalesce(jsonb_agg(b.what), '[]') from (
        select jsonb_build_object('noun', 'supervisor', 'name', s.name, 'id', s.id) from holdfast.supervisor_states s
        where s.venture_id = p_venture_id and s.id = p_supervisor_id
        union all
        select jsonb_build_object('noun', 'session', 'name', c.session_id, 'id', c.id) from holdfast.claude_sessions c
        where c.venture_id = p_venture_id and c.id = p_session_id
        union all
        select jsonb_build_object('noun', 'directive', 'name', d.sd_key, 'title', d.title, 'id', d.id) from holdfast.directives d
        where d.venture_id = p_venture_id and d.id in (
            select s.directive_id from holdfast.supervisor_states s where s.venture_id = p_venture_id and s.id = p_supervisor_id
            union all
            select c.directive_id from holdfast.directive_claims c where c.venture_id = p_venture_id and c.session_id = p_session_id)
    ) as b (what)
$$;
