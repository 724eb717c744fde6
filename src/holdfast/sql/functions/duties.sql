-- What must happen though nobody asks: leases that ran out, questions that expired, partitions, retention.

-- One bounded sweep over a venture. Of all who call it at once one works; the others return nothing. Every row is
-- checked again under its lock.
create function holdfast.reap(p_limit integer default 100, p_max_deaths integer default 5, p_venture_id uuid default null)
returns table (kind text, id uuid, outcome text)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture   uuid := enter(p_venture_id, 'agent');
    v_limit     integer := require_limit(p_limit, 1000);
    v_now       timestamptz := holdfast.now();
    v_execution agent_executions;
    v_row       supervisor_states;
    v_session   claude_sessions;
    v_question  questions;
begin
    if not pg_try_advisory_xact_lock(hashtextextended('holdfast.reap/' || v_venture, 0)) then
        return;
    end if;
    for v_row in
        select s.* from supervisor_states s
        where s.venture_id = v_venture and s.ended_at is null and s.lease_token is not null and s.lease_expires_at <= v_now
        order by s.id limit v_limit for no key update skip locked
    loop
        return query select 'supervisor', v_row.id, expire_supervisor(v_row, p_max_deaths);
    end loop;
    for v_execution in
        select e.* from agent_executions e
        where e.venture_id = v_venture and e.ended_at is null and e.lease_token is not null and e.lease_expires_at <= v_now
        order by e.id limit v_limit for no key update skip locked
    loop
        return query select 'execution', v_execution.id, expire_execution(v_execution);
    end loop;
    for v_session in
        select s.* from claude_sessions s
        where s.venture_id = v_venture and s.ended_at is null and s.lease_token is not null and s.lease_expires_at <= v_now
            and s.state <> 'lost'
        order by s.id limit v_limit for no key update skip locked
    loop
        return query select 'session', v_session.id, expire_session(v_session);
    end loop;
    for v_question in
        select q.* from questions q
        where q.venture_id = v_venture and q.status = 'open' and q.expires_at <= v_now order by q.expires_at limit v_limit
    loop
        return query select 'question', v_question.id, expire_question(v_question);
    end loop;
end
$$;

-- An execution whose lease ran out: another worker may take it, unless it was its creator's own or its attempts are used up.
create function holdfast.expire_execution(p_row holdfast.agent_executions) returns text
language plpgsql as $$
declare
    v_over boolean := p_row.kind is null or p_row.attempt >= p_row.max_attempts;
    v_error text := format('Its worker %s died: the lease ran out at %s in attempt %s of %s.', coalesce(p_row.lease_holder, ''),
        p_row.lease_expires_at, p_row.attempt, p_row.max_attempts);
    v_seq  bigint;
begin
    update agent_executions set
        lease_token = null, lease_expires_at = null, seq = seq + 1, error_message = v_error,
        status = case when v_over then 'failed' else status end,
        ended_at = case when v_over then greatest(holdfast.now(), started_at) end
    where venture_id = p_row.venture_id and id = p_row.id returning seq into v_seq;
    perform emit(p_row.venture_id, 'execution', p_row.id, v_seq,
        case when v_over then 'execution.failed' else 'execution.interrupted' end,
        jsonb_build_object('holder', p_row.lease_holder, 'epoch', p_row.lease_epoch, 'attempt', p_row.attempt, 'error', v_error));
    return case when v_over then 'failed' else 'interrupted' end;
end
$$;

create function holdfast.expire_session(p_row holdfast.claude_sessions) returns text
language plpgsql as $$
declare
    v_seq bigint;
begin
    update claude_sessions set state = 'lost', seq = seq + 1
    where venture_id = p_row.venture_id and id = p_row.id returning seq into v_seq;
    perform emit(p_row.venture_id, 'session', p_row.id, v_seq, 'session.lost',
        jsonb_build_object('session_id', p_row.session_id, 'expired_at', p_row.lease_expires_at));
    return 'lost';
end
$$;

-- Asker first, then question, and only if it is still open then. The sweep holds rows by now, so it waits for no asker:
-- one that is busy has its question looked at again by the next sweep.
create function holdfast.expire_question(p_row holdfast.questions) returns text
language plpgsql as $$
declare
    v_question questions;
begin
    if p_row.supervisor_id is not null then
        perform from supervisor_states where venture_id = p_row.venture_id and id = p_row.supervisor_id for no key update skip locked;
    else
        perform from claude_sessions where venture_id = p_row.venture_id and id = p_row.session_id for no key update skip locked;
    end if;
    if not found then
        return 'kept';
    end if;
    v_question := lock_question(p_row.venture_id, p_row.id);
    if v_question.status <> 'open' or v_question.expires_at > holdfast.now() then
        return 'kept';
    elsif v_question.on_expiry = 'escalate' then
        perform escalate_when_due(v_question);
        return 'escalated';
    end if;
    update questions set status = 'expired', answer = case when on_expiry = 'default' then default_answer end,
        closed_at = holdfast.now()
    where venture_id = p_row.venture_id and id = p_row.id;
    perform emit_question(p_row.venture_id, v_question.supervisor_id, v_question.session_id, 'expired', p_row.id,
        jsonb_build_object('answer', case when v_question.on_expiry = 'default' then v_question.default_answer::jsonb end,
            'on_expiry', v_question.on_expiry));
    return 'expired';
end
$$;

-- The ventures in which a worker would find something: ready work, or leases and questions that may have run out.
create function holdfast.ventures_with_work() returns setof uuid
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
begin
    perform require_trusted('look for work across ventures');
    return query select v.venture_id from ventures v
    where exists (select from supervisor_states s where s.venture_id = v.venture_id and s.ended_at is null)
        or exists (select from agent_executions e where e.venture_id = v.venture_id and e.ended_at is null)
        or exists (select from claude_sessions s where s.venture_id = v.venture_id and s.ended_at is null)
        or exists (select from questions q where q.venture_id = v.venture_id and q.status = 'open')
        or exists (select from drift_watches w where w.venture_id = v.venture_id);
end
$$;

-- Makes the weekly partitions of events and logs for the `p_weeks` to come; rows that came early are moved in.
-- The week that it is gets one on an empty database only: who writes a row while its partition comes into being is refused.
-- After weeks in which nobody was there, what is written in the first one stays in the default partition.
-- Whoever waits for a partition's lock makes all writers wait behind it, so this gives up soon and is tried again later.
-- In UTC, where each week is as long as the next: elsewhere the one in which summer ends would overlap its neighbour.
create function holdfast.ensure_partitions(p_weeks integer default 4) returns integer
language plpgsql security definer set search_path = holdfast, pg_temp
set lock_timeout = '2s' set timezone = 'UTC' as $$
declare
    v_first integer;
    v_table text;
    v_week  timestamptz;
    v_name  text;
    v_made  integer := 0;
begin
    perform require_trusted('make partitions');
    perform pg_advisory_xact_lock(hashtextextended('holdfast.ensure_partitions', 0));
    v_first := case when exists (select from weekly_partitions()) then 1 else 0 end;
    foreach v_table in array array['events', 'agent_execution_logs'] loop
        for v_week in
            select date_trunc('week', holdfast.now()) + make_interval(weeks => w) from generate_series(v_first, p_weeks) as w
        loop
            v_name := v_table || to_char(v_week, '"_"IYYY"w"IW');
            if to_regclass('holdfast.' || v_name) is null then
                perform make_partition(v_table, v_name, v_week);
                v_made := v_made + 1;
            end if;
        end loop;
    end loop;
    return v_made;
end
$$;

create function holdfast.weekly_partitions() returns table (name name, parent regclass, begins_at timestamptz)
language sql stable set timezone = 'UTC' as $$
    select c.relname, i.inhparent::regclass, to_timestamp(right(c.relname, 7), 'IYYY"w"IW')
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent in ('holdfast.events'::regclass, 'holdfast.agent_execution_logs'::regclass) and c.relname ~ '_\d{4}w\d{2}$'
$$;

create function holdfast.make_partition(p_table text, p_name text, p_from timestamptz) returns void
language plpgsql as $$
begin
    execute format('create table %I (like %I including all)', p_name, p_table);
    execute format('alter table %I enable row level security', p_name);
    execute format('with moved as (delete from %I where time >= %L and time < %L returning *) insert into %I select * from moved',
        p_table || '_default', p_from, p_from + interval '1 week', p_name);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)',
        p_table, p_name, p_from, p_from + interval '1 week');
end
$$;

-- Drops the partitions that are older than they must be kept, and forgets rows that came without one.
create function holdfast.drop_old_partitions(p_retention_days integer) returns integer
language plpgsql security definer set search_path = holdfast, pg_temp
set lock_timeout = '2s' set timezone = 'UTC' as $$
declare
    v_before  timestamptz := holdfast.now() - make_interval(days => p_retention_days);
    v_part    record;
    v_dropped integer := 0;
begin
    perform require_trusted('drop history');
    if p_retention_days is null or p_retention_days < 1 then
        perform refuse('HF005', format('retention_days = %s is not at least 1.', p_retention_days), 'Its default is 90.');
    end if;
    for v_part in select * from weekly_partitions() as w where w.begins_at + interval '1 week' <= v_before
    loop
        if v_part.parent = 'holdfast.events'::regclass then
            perform raise_feed_floor(v_part.name, v_before);
        end if;
        execute format('drop table %I', v_part.name);
        v_dropped := v_dropped + 1;
    end loop;
    perform raise_feed_floor('events_default', v_before);
    delete from events_default where time < v_before;
    delete from agent_execution_logs_default where time < v_before;
    delete from journal_entries where applied_at < v_before;
    return v_dropped;
end
$$;

-- Notes of which transactions events are about to be dropped: a reader that has not seen them must be told.
create function holdfast.raise_feed_floor(p_partition text, p_before timestamptz) returns void
language plpgsql as $$
begin
    execute format('update feed_epoch set floor = x.xid
        from (select xid from %I where time < $1 order by xid desc limit 1) as x where x.xid > floor', p_partition)
    using p_before;
end
$$;

create function holdfast.feed_floor() returns xid8
language sql stable security definer set search_path = holdfast, pg_temp as $$
    select floor from feed_epoch
$$;

-- What this history of events is called: another server, another timeline or a restored copy is another history.
create function holdfast.feed_epoch() returns text
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
declare
    v_nonce uuid;
begin
    select nonce into strict v_nonce from feed_epoch;
    return left(encode(sha256(convert_to(format('%s/%s/%s', v_nonce,
        (select system_identifier from pg_control_system()), case when pg_is_in_recovery() then (select timeline_id::text from pg_control_checkpoint())
            else left(pg_walfile_name(pg_current_wal_lsn()), 8) end), 'UTF8')), 'hex'), 16);
end
$$;
