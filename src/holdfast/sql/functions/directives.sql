-- What there is to do. Lock order: session, directive, claim.

create function holdfast.require_directive(p_venture_id uuid, p_sd_key text) returns holdfast.directives
language plpgsql as $$
declare
    v_directive directives;
begin
    select * into v_directive from directives where venture_id = p_venture_id and sd_key = p_sd_key;
    if not found then
        perform refuse('HF003', format('There is no directive %s.', p_sd_key),
            'List the directives, or add it with add_directive.', jsonb_build_object('sd_key', p_sd_key));
    end if;
    return v_directive;
end
$$;

create function holdfast.add_directive(
    p_sd_key text, p_title text, p_parent_key text default null, p_description text default null,
    p_status holdfast.directive_status default 'draft', p_phase holdfast.directive_phase default 'LEAD',
    p_priority integer default 100, p_verification text default null, p_needs text[] default '{}',
    p_metadata jsonb default '{}', p_venture_id uuid default null)
returns uuid
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_id      uuid := uuid7();
    v_now     timestamptz := holdfast.now();
    v_parent  uuid;
begin
    if p_status not in ('draft', 'active') then
        perform refuse('HF002', format('A directive cannot begin as %s.', p_status), 'Begin it as draft or active.');
    end if;
    if p_parent_key is not null then
        v_parent := (require_directive(v_venture, p_parent_key)).id;
    end if;
    begin
        insert into directives (venture_id, id, sd_key, parent_id, title, description, status, phase, priority,
            verification, metadata, created_at, started_at, seq)
        values (v_venture, v_id, p_sd_key, v_parent, p_title, p_description, p_status, p_phase, p_priority,
            p_verification, p_metadata, v_now, case when p_status = 'active' then v_now end, 1);
    exception when unique_violation then
        perform refuse('HF009', format('The directive %s exists already.', p_sd_key), 'Choose another key.',
            jsonb_build_object('sd_key', p_sd_key));
    end;
    insert into directive_needs (venture_id, directive_id, needs_id)
    select v_venture, v_id, (require_directive(v_venture, n.sd_key)).id from unnest(p_needs) as n (sd_key);
    perform emit(v_venture, 'directive', v_id, 1, 'directive.created', jsonb_build_object(
        'sd_key', p_sd_key, 'title', p_title, 'status', p_status, 'phase', p_phase, 'parent', p_parent_key,
        'parent_id', v_parent));
    return v_id;
end
$$;

-- Adds a tree of directives, parents before their children: what is there already is left as it is, and must be what
-- the tree says. All of it is done, or nothing.
create function holdfast.import_directives(p_directives jsonb, p_venture_id uuid default null)
returns table (sd_key text, outcome text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_given   record;
    v_created text[] := '{}';
begin
    if jsonb_typeof(p_directives) is distinct from 'array' or jsonb_array_length(p_directives) not between 1 and 1000 then
        perform refuse('HF005', 'directives is not a list of 1 to 1000 directives.', 'Import a larger tree in parts.');
    end if;
    -- Two imports of one tree at once: the second one finds what the first has made.
    perform pg_advisory_xact_lock(hashtextextended('holdfast.import_directives/' || v_venture, 0));
    for v_given in select * from given_directives(p_directives) g order by g.position loop
        if not exists (select from directives d where d.venture_id = v_venture and d.sd_key = v_given.key) then
            perform add_directive(v_given.key, v_given.title, v_given.parent, v_given.description, 'active', 'LEAD',
                v_given.priority, v_given.verify, '{}', '{}', v_venture);
            v_created := v_created || v_given.key;
        end if;
    end loop;
    insert into directive_needs (venture_id, directive_id, needs_id)
    select distinct v_venture, (require_directive(v_venture, g.key)).id, (require_directive(v_venture, n.sd_key)).id
    from given_directives(p_directives) g cross join unnest(g.needs) as n (sd_key)
    where g.key = any (v_created);
    for v_given in select * from given_directives(p_directives) g order by g.position loop
        perform require_same_directive(v_venture, v_given.key, v_given.title, v_given.parent, v_given.description,
            v_given.priority, v_given.verify, v_given.needs);
        sd_key := v_given.key;
        outcome := case when v_given.key = any (v_created) then 'created' else 'unchanged' end;
        return next;
    end loop;
end
$$;

create function holdfast.given_directives(p_directives jsonb)
returns table (
    "position" bigint, key text, title text, parent text, description text, priority integer, verify text, needs text[])
language sql immutable parallel safe as $$
    select i.ordinality, i.value ->> 'key', i.value ->> 'title', i.value ->> 'parent', i.value ->> 'description',
        coalesce((i.value ->> 'priority')::integer, 100), i.value ->> 'verify',
        array(select distinct n from jsonb_array_elements_text(coalesce(i.value -> 'needs', '[]')) as n order by n)
    from jsonb_array_elements(p_directives) with ordinality as i
$$;

-- Refuses to import over a directive that says something else; names what.
create function holdfast.require_same_directive(
    p_venture_id uuid, p_sd_key text, p_title text, p_parent_key text, p_description text, p_priority integer,
    p_verification text, p_needs text[])
returns void
language plpgsql as $$
declare
    v_there directives := require_directive(p_venture_id, p_sd_key);
    v_needs text[] := array(select d.sd_key from directive_needs n
        join directives d on d.venture_id = n.venture_id and d.id = n.needs_id
        where n.venture_id = p_venture_id and n.directive_id = v_there.id);
    v_field text := case
        when v_there.title is distinct from p_title then 'title'
        when v_there.description is distinct from p_description then 'description'
        when v_there.priority is distinct from p_priority then 'priority'
        when v_there.verification is distinct from p_verification then 'verify'
        when not (v_needs <@ p_needs and p_needs <@ v_needs) then 'needs'
        when p_parent_key is not null  -- a tree may be imported again below what was added above it
            and v_there.parent_id is distinct from (require_directive(p_venture_id, p_parent_key)).id then 'parent' end;
begin
    if v_field is not null then
        perform refuse('HF009', format('The directive %s exists already with another %s.', p_sd_key, v_field),
            'Nothing was imported. Give it another key, or say what is there.',
            jsonb_build_object('sd_key', p_sd_key, 'field', v_field));
    end if;
end
$$;

-- Refuses a write to a directive that somebody holds unless it brings the token of that claim.
create function holdfast.fence_directive(
    p_venture_id uuid, p_directive holdfast.directives, p_epoch bigint, p_token uuid, p_now timestamptz)
returns void
language plpgsql as $$
declare
    v_claim directive_claims;
begin
    select * into v_claim from directive_claims
    where venture_id = p_venture_id and directive_id = p_directive.id for no key update;
    if p_token is null and (v_claim.session_id is null or v_claim.lease_expires_at <= p_now) then
        return;
    end if;
    perform refuse_stale('directive', p_directive.sd_key, v_claim.lease_epoch, v_claim.lease_token,
        v_claim.lease_expires_at, (select s.session_id from claude_sessions s
            where s.venture_id = p_venture_id and s.id = v_claim.session_id), p_epoch, p_token, p_now);
end
$$;

-- Moves a directive to a status. One that is completed, blocked or cancelled is nobody's any more. One that has a
-- verification is completed only with the evidence that it passed.
create function holdfast.move_directive(
    p_sd_key text, p_status holdfast.directive_status, p_reason text default null,
    p_epoch bigint default null, p_token uuid default null, p_evidence jsonb default null,
    p_unverified boolean default false, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_directive directives := lock_directive(v_venture, p_sd_key);
begin
    perform fence_directive(v_venture, v_directive, p_epoch, p_token, holdfast.now());
    return move_locked_directive(v_directive, p_status, p_reason, p_evidence, p_unverified);
end
$$;

create function holdfast.lock_directive(p_venture_id uuid, p_sd_key text) returns holdfast.directives
language plpgsql as $$
declare
    v_directive directives := require_directive(p_venture_id, p_sd_key);
begin
    select * into v_directive from directives where venture_id = p_venture_id and id = v_directive.id for no key update;
    return v_directive;
end
$$;

-- The move of a directive that its caller has locked and may move.
create function holdfast.move_locked_directive(
    p_directive holdfast.directives, p_status holdfast.directive_status, p_reason text,
    p_evidence jsonb default null, p_unverified boolean default false)
returns bigint
language plpgsql as $$
declare
    v_now  timestamptz := holdfast.now();
    v_done jsonb := '{}';
    v_seq  bigint;
begin
    perform require_drawn('directive', p_directive.sd_key, p_directive.status::text, p_status::text,
        is_drawn(p_directive.status, p_status));
    if p_status = 'blocked' and nullif(p_reason, '') is null then
        perform refuse('HF005', 'reason is empty; a blocked directive says by what.', 'Give a reason.');
    elsif p_status = 'completed' then
        v_done := require_done(p_directive, p_evidence, p_unverified, p_reason);
    end if;
    update directives set
        status = p_status, seq = seq + 1, failures = case when p_status = 'active' then 0 else failures end,
        blocked_reason = case when p_status = 'blocked' then p_reason end,
        started_at = coalesce(started_at, case when p_status = 'active' then v_now end),
        ended_at = case when p_status in ('completed', 'cancelled') then greatest(v_now, started_at) end
    where venture_id = p_directive.venture_id and id = p_directive.id returning seq into v_seq;
    perform emit(p_directive.venture_id, 'directive', p_directive.id, v_seq, 'directive.' || p_status, jsonb_strip_nulls(
        jsonb_build_object('sd_key', p_directive.sd_key, 'from', p_directive.status, 'reason', p_reason)) || v_done);
    if p_status <> 'active' then
        update directive_claims set session_id = null, claimed_at = null, lease_token = null, lease_expires_at = null
        where venture_id = p_directive.venture_id and directive_id = p_directive.id;
    end if;
    return v_seq;
end
$$;

-- Moves a directive to a phase; one back is a move too, with a reason.
create function holdfast.move_directive_phase(
    p_sd_key text, p_phase holdfast.directive_phase, p_reason text default null,
    p_epoch bigint default null, p_token uuid default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_directive directives := lock_directive(v_venture, p_sd_key);
begin
    perform fence_directive(v_venture, v_directive, p_epoch, p_token, holdfast.now());
    return move_locked_phase(v_directive, p_phase, p_reason);
end
$$;

create function holdfast.move_locked_phase(
    p_directive holdfast.directives, p_phase holdfast.directive_phase, p_reason text)
returns bigint
language plpgsql as $$
declare
    v_seq bigint;
begin
    perform require_drawn('directive', p_directive.sd_key, p_directive.phase::text, p_phase::text,
        is_drawn(p_directive.phase, p_phase) and p_directive.status = 'active');
    if p_phase < p_directive.phase and nullif(p_reason, '') is null then
        perform refuse('HF005', format('reason is empty; going back from %s to %s needs one.', p_directive.phase, p_phase),
            'Give a reason.');
    end if;
    update directives set phase = p_phase, seq = seq + 1
    where venture_id = p_directive.venture_id and id = p_directive.id returning seq into v_seq;
    perform emit(p_directive.venture_id, 'directive', p_directive.id, v_seq, 'directive.phase_moved', jsonb_strip_nulls(
        jsonb_build_object('sd_key', p_directive.sd_key, 'from', p_directive.phase, 'to', p_phase, 'reason', p_reason)));
    return v_seq;
end
$$;
