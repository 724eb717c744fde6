-- What every other function stands on: the clock, ids, refusals, leases, events.

-- The one clock. A test sets it with: set holdfast.now = '2030-01-01 12:00+00'.
create function holdfast.now() returns timestamptz
language sql volatile parallel safe as $$
    select coalesce(nullif(current_setting('holdfast.now', true), '')::timestamptz, clock_timestamp())
$$;

-- UUIDv7: milliseconds since 1970, the fraction of one, then random bits; sorts by age (RFC 9562, sections 5.7 and 6.2, method 3).
create function holdfast.uuid7() returns uuid
language sql volatile parallel safe as $$
    select encode(
        overlay(uuid_send(gen_random_uuid())
            placing substring(int8send(n.microseconds / 1000) from 3)
                || int2send((28672 + n.microseconds % 1000 * 4096 / 1000)::smallint)  -- 28672: version 7
            from 1 for 8), 'hex')::uuid
    from (select (extract(epoch from holdfast.now()) * 1000000)::bigint as microseconds) n
$$;

-- The one way to refuse. The message names field, value and expectation; the hint is the next step.
create function holdfast.refuse(p_sqlstate text, p_message text, p_hint text default null, p_detail jsonb default null)
returns void
language plpgsql as $$
begin
    raise exception using errcode = p_sqlstate, message = p_message,
        hint = coalesce(p_hint, ''), detail = coalesce(p_detail::text, '');
end
$$;

-- Whether a token holds a lease now, never null: `not holds(…)` must refuse a token on a row that nobody holds.
-- A row under no lease is open to a writer that brings no token.
create function holdfast.holds(
    p_lease_epoch bigint, p_lease_token uuid, p_lease_expires_at timestamptz,
    p_epoch bigint, p_token uuid, p_now timestamptz)
returns boolean
language sql immutable parallel safe as $$
    select case when p_token is null then p_lease_token is null
        else coalesce(p_lease_token = p_token and p_lease_epoch = p_epoch and p_lease_expires_at > p_now, false) end
$$;

-- Whether a writer brings a token that is not the row's newest one.
create function holdfast.is_foreign(p_lease_epoch bigint, p_lease_token uuid, p_epoch bigint, p_token uuid)
returns boolean
language sql immutable parallel safe as $$
    select p_token is not null and (p_lease_token is distinct from p_token or p_lease_epoch is distinct from p_epoch)
$$;

-- Says why a token does not hold a lease; returns only if it does.
create function holdfast.refuse_stale(
    p_noun text, p_name text,
    p_lease_epoch bigint, p_lease_token uuid, p_lease_expires_at timestamptz, p_lease_holder text,
    p_epoch bigint, p_token uuid, p_now timestamptz)
returns void
language plpgsql as $$
declare
    v_detail jsonb := jsonb_build_object(
        'noun', p_noun, 'name', p_name, 'epoch', p_epoch, 'current_epoch', p_lease_epoch,
        'holder', p_lease_holder, 'expires_at', p_lease_expires_at);
begin
    if holdfast.holds(p_lease_epoch, p_lease_token, p_lease_expires_at, p_epoch, p_token, p_now) then
        return;
    elsif p_token is null then
        perform refuse('HF001', format('%s %s is under a lease of %s until %s; this call brought no token.',
            p_noun, p_name, coalesce(p_lease_holder, 'another holder'), p_lease_expires_at),
            'Bring the token of that lease, or wait until it is released.', v_detail);
    elsif p_lease_token = p_token and p_lease_epoch = p_epoch then
        perform refuse('HF001', format('The lease on %s %s ran out at %s; it is %s now.',
            p_noun, p_name, p_lease_expires_at, p_now),
            'Stop this work; claim it anew to go on.', v_detail);
    elsif p_lease_token is null then
        perform refuse('HF001', format('The lease on %s %s (epoch %s) was ended; nobody holds it now.',
            p_noun, p_name, p_epoch), 'Stop this work; claim it anew to go on.', v_detail);
    else
        perform refuse('HF001', format('The lease on %s %s (epoch %s) was taken by %s (epoch %s).',
            p_noun, p_name, p_epoch, coalesce(p_lease_holder, 'another holder'), p_lease_epoch),
            'Stop this work; another holder may be doing it.', v_detail);
    end if;
end
$$;

create function holdfast.require_lease_seconds(p_lease_seconds double precision) returns interval
language plpgsql immutable as $$
begin
    if p_lease_seconds is null or not p_lease_seconds between 0.1 and 86400 then
        perform refuse('HF005', format('lease_seconds = %s is not between 0.1 and 86400.', p_lease_seconds),
            'Give the lease a length in seconds, such as 30.');
    end if;
    return make_interval(secs => p_lease_seconds);
end
$$;

create function holdfast.require_limit(p_limit integer, p_most integer) returns integer
language plpgsql immutable as $$
begin
    if p_limit is null or p_limit not between 1 and p_most then
        perform refuse('HF005', format('limit = %s is not between 1 and %s.', p_limit, p_most),
            'Ask for fewer at a time.');
    end if;
    return p_limit;
end
$$;

-- Arrays that are read side by side must be of one length, and bounded.
create function holdfast.require_same_length(p_most integer, variadic p_lengths integer[]) returns void
language plpgsql immutable as $$
begin
    if array_position(p_lengths, null) is not null or p_lengths[1] not between 1 and p_most
        or exists (select from unnest(p_lengths) as l (length) where l.length <> p_lengths[1]) then
        perform refuse('HF005', format('The arrays have the lengths %s; expected one length between 1 and %s.',
            p_lengths, p_most), 'Give each row one entry in every array.');
    end if;
end
$$;

-- In an array that names rows to save, each stands once: which of two saves would be the newer is not for us to guess.
create function holdfast.require_distinct(p_ids uuid[]) returns void
language plpgsql immutable as $$
declare
    v_twice uuid;
begin
    if cardinality(p_ids) = 1 then
        return;
    end if;
    select i into v_twice from unnest(p_ids) as i group by i having count(*) > 1 limit 1;
    if found then
        perform refuse('HF005', format('%s stands twice among the rows to save.', v_twice), 'Give each row once.');
    end if;
end
$$;

create function holdfast.require_size(p_what text, p_value jsonb, p_max_bytes integer) returns void
language plpgsql immutable as $$
begin
    if pg_column_size(p_value) > p_max_bytes and octet_length(p_value::text) > p_max_bytes then
        perform refuse('HF006', format('%s has %s bytes; the limit is %s.', p_what, octet_length(p_value::text), p_max_bytes),
            'Keep large results in a file and give its path.');
    end if;
end
$$;

-- Writes the event of a change, in the change's own transaction. `p_seq` is the stream's counter, whose row the
-- caller has just updated and so holds locked; the time is read after that lock, so it does not run backwards.
create function holdfast.emit(
    p_venture_id uuid, p_stream holdfast.stream_kind, p_stream_id uuid, p_seq bigint, p_type text,
    p_data jsonb default '{}', p_actor text default null)
returns void
language plpgsql as $$
begin
    insert into events (venture_id, stream, stream_id, seq, xid, type, time, actor, data)
    values (p_venture_id, p_stream, p_stream_id, p_seq, pg_current_xact_id(), p_type, holdfast.now(),
        coalesce(p_actor, holdfast.request_user()), p_data);
end
$$;
