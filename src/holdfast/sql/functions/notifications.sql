-- Telling people that they are asked. What is to be told, by which channel and how often is decided here; the addresses of
-- channels hold secrets and never come here. Each thing has one row for each channel, so it is told once by all workers
-- together; only who dies between sending and saying so leaves it to be told again.

-- Takes what is due for a sender. In quiet hours nothing is; what came in them is due when they end.
create function holdfast.claim_notifications(
    p_channels text[], p_holder text, p_late_channels text[] default '{}',
    p_unanswered_after_seconds double precision default null, p_quiet_hours text default null, p_time_zone text default 'UTC',
    p_limit integer default 100, p_lease_seconds double precision default 60, p_venture_id uuid default null)
returns table (
    token uuid, channel holdfast.label, occasion holdfast.notification_occasion, attempt integer, question_id uuid,
    message text, options jsonb, asker text, plan_name text, step_key text, blocks jsonb, audience jsonb,
    created_at timestamptz, expires_at timestamptz, venture text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_lease   interval := require_lease_seconds(p_lease_seconds);
    v_limit   integer := require_limit(p_limit, 1000);
    v_now     timestamptz := holdfast.now();
    v_taken   uuid[];
begin
    if is_quiet(p_quiet_hours, p_time_zone, v_now) then
        return;
    end if;
    perform note_what_to_tell(v_venture, p_channels, p_late_channels, p_unanswered_after_seconds, v_limit, v_now);
    perform drop_what_is_settled(v_venture, v_limit);
    with due as (
        select n.question_id, n.occasion, n.number, n.channel from notifications n
        where n.venture_id = v_venture and n.status = 'pending' and n.due_at <= v_now
            and coalesce(n.lease_expires_at <= v_now, true) and n.channel = any (p_channels || p_late_channels)
        order by n.due_at limit v_limit for no key update skip locked
    ), taken as (
        update notifications n set attempts = n.attempts + 1, lease_token = gen_random_uuid(), lease_holder = p_holder,
            lease_expires_at = v_now + v_lease
        from due where n.venture_id = v_venture and (n.question_id, n.occasion, n.number, n.channel)
            = (due.question_id, due.occasion, due.number, due.channel)
        returning n.lease_token
    )
    select array_agg(t.lease_token) into v_taken from taken t;
    return query
    select n.lease_token, n.channel, n.occasion, n.attempts::integer, q.id, left(q.message, 2000), q.options, q.asker::text, q.plan_name::text,
        q.step_key::text, q.blocks::jsonb, q.audience, q.created_at, q.expires_at, v.slug
    from notifications n
    join v_questions q on q.venture_id = n.venture_id and q.id = n.question_id
    join ventures v on v.venture_id = n.venture_id
    where n.venture_id = v_venture and n.status = 'pending' and n.lease_token = any (v_taken)
    order by n.channel, n.occasion, q.created_at, q.id;
end
$$;

-- Whether a moment is in the quiet hours, such as 22:00-07:00, of a time zone.
create function holdfast.is_quiet(p_quiet_hours text, p_time_zone text, p_now timestamptz) returns boolean
language plpgsql stable as $$
declare
    v_from  time;
    v_until time;
    v_local time;
begin
    if p_quiet_hours is null then
        return false;
    end if;
    begin
        v_from := split_part(p_quiet_hours, '-', 1)::time;
        v_until := split_part(p_quiet_hours, '-', 2)::time;
        v_local := (p_now at time zone p_time_zone)::time;
    exception when datetime_field_overflow or invalid_datetime_format or invalid_parameter_value then
        perform refuse('HF005', format('quiet hours = %s in the time zone %s cannot be read.', p_quiet_hours, p_time_zone),
            'Give them such as 22:00-07:00, and a time zone such as Europe/Berlin.');
    end;
    return case when v_from <= v_until then v_local >= v_from and v_local < v_until
        else v_local >= v_from or v_local < v_until end;
end
$$;

-- Makes the rows of what is to be told and has none yet. That nobody has answered is told some time after it was told that
-- somebody asks.
create function holdfast.note_what_to_tell(
    p_venture_id uuid, p_channels text[], p_late_channels text[], p_unanswered_after_seconds double precision, p_limit integer,
    p_now timestamptz)
returns void
language plpgsql as $$
declare
    v_since timestamptz := p_now - make_interval(secs => p_unanswered_after_seconds);
begin
    insert into notifications (venture_id, question_id, occasion, number, channel, status, due_at, created_at)
    select p_venture_id, t.question_id, t.occasion, t.number, t.channel, 'pending', p_now, p_now
    from (
        select q.id as question_id, case q.escalated when 0 then 'asked' else 'escalated' end::notification_occasion as occasion,
            q.escalated as number, c.channel
        from questions q cross join unnest(p_channels) as c (channel)
        where q.venture_id = p_venture_id and q.status = 'open' and coalesce(q.expires_at > p_now, true)
        union all
        select q.id, 'unanswered', 0, c.channel
        from questions q cross join unnest(p_late_channels) as c (channel)
        where q.venture_id = p_venture_id and q.status = 'open' and coalesce(q.expires_at > p_now, true)
            and q.created_at <= v_since and (cardinality(p_channels) = 0 or exists (
                select from notifications n where n.venture_id = p_venture_id and n.question_id = q.id
                    and n.occasion <> 'unanswered' and n.ended_at <= v_since))
    ) as t
    where not exists (select from notifications n where n.venture_id = p_venture_id and n.question_id = t.question_id
        and n.occasion = t.occasion and n.number = t.number and n.channel = t.channel)
    order by t.question_id limit p_limit
    on conflict do nothing;  -- another sender has just made it
end
$$;

-- What was answered, has expired or is for others by now need not be told any more.
create function holdfast.drop_what_is_settled(p_venture_id uuid, p_limit integer) returns void
language sql as $$
    update holdfast.notifications n set status = 'dropped', ended_at = holdfast.now(), lease_token = null, lease_holder = null,
        lease_expires_at = null
    from (
        select d.question_id, d.occasion, d.number, d.channel from holdfast.notifications d
        join holdfast.questions q on q.venture_id = d.venture_id and q.id = d.question_id
        where d.venture_id = p_venture_id and d.status = 'pending' and coalesce(d.lease_expires_at <= holdfast.now(), true)
            and (q.status <> 'open' or d.occasion <> 'unanswered' and d.number < q.escalated)
        limit p_limit for no key update of d skip locked
    ) as s
    where n.venture_id = p_venture_id and (n.question_id, n.occasion, n.number, n.channel)
        = (s.question_id, s.occasion, s.number, s.channel)
$$;

-- Says what came of sending: nothing where it was sent, else why not; that is tried again later and later, and given up
-- after so many attempts. A token that another sender has taken over is refused, and said so.
create function holdfast.finish_notifications(
    p_leases uuid[], p_errors text[], p_most_attempts integer default 12, p_venture_id uuid default null)
returns table (token uuid, code text, reason text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_now     timestamptz := holdfast.now();
    v_known   uuid[];
begin
    perform require_same_length(1000, cardinality(p_leases), cardinality(p_errors));
    with said as (
        select s.token, left(s.error, 2000) as error from unnest(p_leases, p_errors) as s (token, error)
    ), held as (
        select n.question_id, n.occasion, n.number, n.channel, s.token, s.error,
            case when s.error is null then 'sent' when n.attempts >= p_most_attempts then 'failed' else 'pending' end::notification_status as status
        from said s join notifications n on n.venture_id = v_venture and n.status = 'pending' and n.lease_token = s.token
        order by n.question_id, n.occasion, n.number, n.channel for no key update of n
    ), done as (
        update notifications n set status = h.status, error = h.error, lease_token = null, lease_holder = null,
            lease_expires_at = null, ended_at = case when h.status <> 'pending' then v_now end,
            due_at = v_now + least(5 * 2 ^ (n.attempts - 1), 3600) * interval '1 second'
        from held h where n.venture_id = v_venture and (n.question_id, n.occasion, n.number, n.channel)
            = (h.question_id, h.occasion, h.number, h.channel)
        returning h.token
    )
    select coalesce(array_agg(d.token), '{}') into v_known from done d;
    return query select t.token, 'HF001', 'Another sender has taken it over, or it was settled meanwhile.'
    from unnest(p_leases) as t (token) where not t.token = any (v_known);
end
$$;
