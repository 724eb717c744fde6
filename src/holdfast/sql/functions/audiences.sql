-- Whom a question is for, and whom it is for when nobody answers.

create function holdfast.require_audience_form(p_audience jsonb, p_path text) returns void
language plpgsql immutable as $$
declare
    v_unknown text;
begin
    if p_audience is null then
        return;
    elsif jsonb_typeof(p_audience) <> 'object' or not p_audience ?| array['person', 'role'] then
        perform refuse('HF005', format('%s = %s names neither a person nor a role.', p_path, p_audience),
            'Give {"person": "ann@example.com"}, {"role": "owner"}, or both.', jsonb_build_object('field', p_path));
    end if;
    select k into v_unknown from jsonb_object_keys(p_audience) as k where k not in ('person', 'role') limit 1;
    if found then
        perform refuse('HF005', format('%s has %s, which is neither person nor role.', p_path, v_unknown),
            'Give a person, a role, or both.', jsonb_build_object('field', p_path));
    elsif p_audience ? 'role' and not coalesce(p_audience ->> 'role', '') = any (enum_range(null::member_role)::text[]) then
        perform refuse('HF005', format('%s.role = %s is none of %s.', p_path, p_audience -> 'role',
            array_to_string(enum_range(null::member_role), ', ')), 'Give one of them.', jsonb_build_object('field', p_path));
    elsif p_audience ? 'person' and not (jsonb_typeof(p_audience -> 'person') = 'string'
        and length(p_audience ->> 'person') between 1 and 200) then
        perform refuse('HF005', format('%s.person = %s is no name.', p_path, left((p_audience -> 'person')::text, 80)),
            'Give a user''s id or mail address.', jsonb_build_object('field', p_path));
    end if;
end
$$;

-- Refuses what would happen never, or could not happen, when nobody answers.
create function holdfast.require_expiry(
    p_expires_in_seconds double precision, p_on_expiry holdfast.question_expiry, p_default_answer jsonb, p_escalation jsonb,
    p_path text default '')
returns void
language plpgsql immutable as $$
begin
    if p_expires_in_seconds <= 0 or p_expires_in_seconds > 31536000 then
        perform refuse('HF005', format('%sexpires_in_seconds = %s is not between 0 and 31536000.', p_path, p_expires_in_seconds),
            'Give the time in seconds, at most a year.');
    elsif p_on_expiry is not null and p_expires_in_seconds is null then
        perform refuse('HF005', format('%son_expiry = %s is given, and it never expires.', p_path, p_on_expiry),
            'Give expires_in_seconds too.', '{"field": "on_expiry"}');
    elsif p_on_expiry = 'default' and p_default_answer is null then
        perform refuse('HF005', format('%son_expiry = default is given without a default answer.', p_path),
            'Give default_answer, or on_expiry = fail.', '{"field": "on_expiry"}');
    elsif (p_on_expiry = 'escalate') is distinct from true and p_escalation is not null
        or p_on_expiry = 'escalate' and p_escalation is null then
        perform refuse('HF005', format('%son_expiry = %s and escalation = %s do not belong together.', p_path,
            coalesce(p_on_expiry::text, 'null'), coalesce(p_escalation::text, 'null')),
            'Give on_expiry = escalate with the audience that is asked then.', '{"field": "escalation"}');
    elsif p_escalation is not null then
        perform require_escalation(p_escalation, p_default_answer, p_path || 'escalation.');
    end if;
end
$$;

create function holdfast.require_escalation(p_escalation jsonb, p_default_answer jsonb, p_path text) returns void
language plpgsql immutable as $$
declare
    v_unknown text;
begin
    if jsonb_typeof(p_escalation) <> 'object' or jsonb_typeof(p_escalation -> 'audience') is distinct from 'object' then
        perform refuse('HF005', format('%saudience is missing.', p_path), 'Say whom to ask then.', '{"field": "escalation"}');
    elsif length(p_path) > 60 then
        perform refuse('HF005', 'escalation is nested more than 5 deep.', 'Ask the same people more than once some other way.',
            '{"field": "escalation"}');
    end if;
    select k into v_unknown from jsonb_object_keys(p_escalation) as k
    where k not in ('audience', 'expires_in_seconds', 'on_expiry', 'escalation') limit 1;
    if found then
        perform refuse('HF005', format('%s%s is not known.', p_path, v_unknown),
            'Give audience, expires_in_seconds, on_expiry and escalation.', '{"field": "escalation"}');
    end if;
    perform require_audience_form(p_escalation -> 'audience', p_path || 'audience');
    perform require_expiry((p_escalation ->> 'expires_in_seconds')::double precision,
        (p_escalation ->> 'on_expiry')::question_expiry, p_default_answer, p_escalation -> 'escalation', p_path);
exception when invalid_text_representation then
    perform refuse('HF005', format('%sexpires_in_seconds or on_expiry is not of its type.', p_path),
        'Give a number of seconds; and default, fail or escalate.', '{"field": "escalation"}');
end
$$;

-- Whether a question for some audience is for whoever calls. An API's user is who the token says; for others the caller
-- says it. A question without an audience is for operators.
create function holdfast.is_in_audience(p_venture_id uuid, p_audience jsonb, p_person text) returns boolean
language plpgsql stable as $$
declare
    v_claims jsonb := request_claims();
    v_names  text[] := array[lower(v_claims ->> 'sub'), lower(v_claims ->> 'email')];
begin
    if request_user() is null and is_trusted() then
        v_names := array[lower(p_person)];
    end if;
    if p_audience is null then
        p_audience := '{"role": "operator"}';
    end if;
    return coalesce(lower(p_audience ->> 'person') = any (v_names), false)
        or coalesce(is_trusted() or p_venture_id = any (ventures_with((p_audience ->> 'role')::member_role)), false)
            and p_audience ? 'role';
end
$$;

-- Whether a question is for whoever calls: because it is now, or was before it was escalated.
create function holdfast.is_for(
    p_audience jsonb, p_earlier_audiences jsonb default '[]', p_person text default null, p_venture_id uuid default null)
returns boolean
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
begin
    return is_in_audience(v_venture, p_audience, p_person)
        or exists (select from jsonb_array_elements(p_earlier_audiences) as a where is_in_audience(v_venture, nullif(a.value, 'null'), p_person));
end
$$;

-- By which right the caller answers; who has none is told whom the question is for.
create function holdfast.right_to_answer(p_question holdfast.questions, p_by text) returns holdfast.answer_right
language plpgsql stable as $$
begin
    if is_for(p_question.audience, p_question.earlier_audiences, p_by, p_question.venture_id) then
        return 'audience';
    elsif p_question.audience is null then
        perform enter(p_question.venture_id, 'operator');
    elsif is_trusted() or p_question.venture_id = any (ventures_with('owner')) then
        return 'owner';
    end if;
    perform refuse('HF007', format('The question %s is for %s.', p_question.id, told_audience(p_question.audience)),
        'Ask them, or an owner of the venture, to answer it.',
        jsonb_build_object('question_id', p_question.id, 'audience', p_question.audience));
end
$$;

create function holdfast.told_audience(p_audience jsonb) returns text
language sql immutable parallel safe as $$
    select coalesce(concat_ws(' or ', p_audience ->> 'person', 'whoever has the role ' || (p_audience ->> 'role')),
        'operators')
$$;

-- A question, whose row is locked, that was not answered in time and is for others now.
create function holdfast.escalate_when_due(p_question holdfast.questions) returns holdfast.questions
language plpgsql as $$
declare
    v_next jsonb := p_question.escalation;
    v_now  timestamptz := holdfast.now();
begin
    if p_question.status <> 'open' or p_question.on_expiry <> 'escalate' or p_question.expires_at > v_now then
        return p_question;
    end if;
    update questions q set
        audience = v_next -> 'audience', earlier_audiences = q.earlier_audiences || jsonb_build_array(q.audience),
        escalated = q.escalated + 1, escalation = v_next -> 'escalation',
        on_expiry = coalesce(v_next ->> 'on_expiry', 'default')::question_expiry,
        expires_at = v_now + make_interval(secs => (v_next ->> 'expires_in_seconds')::double precision)
    where q.venture_id = p_question.venture_id and q.id = p_question.id returning * into p_question;
    perform emit_question(p_question.venture_id, p_question.supervisor_id, p_question.session_id, 'escalated', p_question.id,
        jsonb_build_object('audience', p_question.audience, 'expires_at', p_question.expires_at, 'number', p_question.escalated));
    return p_question;
end
$$;
