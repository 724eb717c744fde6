-- What a supervisor needs to go on. Lock order: supervisor, checkpoint.

-- Saves a checkpoint by compare-and-set: `p_parent` is the newest one that its writer knows of, or null for a conversation
-- that begins anew. Save points that the engine made meanwhile do not fork it. The blobs are kept once each; a checkpoint
-- costs what is new in it.
create function holdfast.save_checkpoint(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_parent bigint, p_state jsonb default '{}',
    p_blobs bytea[] default '{}', p_label text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
    v_newest  bigint;
    v_number  bigint;
begin
    perform require_size('The state of the checkpoint', p_state, 1048576);
    v_newest := newest_request(v_row);
    if p_parent is not null and (p_parent < coalesce(v_newest, 0) or p_parent > coalesce(v_row.checkpoint, 0)) then
        perform refuse('HF009', format('The newest checkpoint of %s is %s, not %s.', p_supervisor_id,
            coalesce(v_row.checkpoint::text, 'none'), p_parent), 'Load the newest one and save on top of it.',
            jsonb_build_object('newest', v_row.checkpoint, 'parent', p_parent));
    end if;
    insert into blobs (venture_id, digest, content, created_at)
    select distinct on (sha256(b.content)) v_venture, sha256(b.content), b.content, holdfast.now() from unnest(p_blobs) as b (content)
    order by sha256(b.content)
    on conflict (venture_id, digest) do update set created_at = excluded.created_at;  -- else it might just be forgotten
    v_number := add_checkpoint(v_row, 'request', p_label, coalesce(p_state, '{}'), p_begins => p_parent is null,
        p_blobs => coalesce((select array_agg(sha256(b.content) order by b.row) from unnest(p_blobs) with ordinality as b (content, row)), '{}'));
    perform emit_supervisor(v_venture, p_supervisor_id, 'supervisor.checkpointed', jsonb_strip_nulls(jsonb_build_object(
        'number', v_number, 'parent', v_row.checkpoint, 'reason', 'request', 'label', p_label)), p_got_on => true);
    return v_number;
end
$$;

-- The newest one in the line that its program asked for.
create function holdfast.newest_request(p_row holdfast.supervisor_states) returns bigint
language sql stable as $$
    with recursive line as (
        select c.number, c.parent, c.reason from holdfast.checkpoints c
        where c.venture_id = p_row.venture_id and c.supervisor_id = p_row.id and c.number = p_row.checkpoint
        union all
        select c.number, c.parent, c.reason from line join holdfast.checkpoints c
            on c.venture_id = p_row.venture_id and c.supervisor_id = p_row.id and c.number = line.parent
        where line.reason <> 'request'
    )
    select number from line where reason = 'request'
$$;

-- Adds a checkpoint to the line of a supervisor whose row is locked, and moves it there.
create function holdfast.add_checkpoint(
    p_row holdfast.supervisor_states, p_reason holdfast.checkpoint_reason, p_label text default null,
    p_state jsonb default '{}', p_listed jsonb default '[]', p_blobs bytea[] default '{}', p_begins boolean default false)
returns bigint
language plpgsql as $$
declare
    v_now supervisor_states;
    v_new checkpoints;
begin
    select * into strict v_now from supervisor_states where venture_id = p_row.venture_id and id = p_row.id;
    v_new.venture_id := v_now.venture_id;
    v_new.supervisor_id := v_now.id;
    select coalesce(max(number), 0) + 1 into v_new.number from checkpoints
    where venture_id = v_now.venture_id and supervisor_id = v_now.id;
    v_new.parent := v_now.checkpoint;
    v_new.reason := p_reason;
    v_new.label := p_label;
    v_new.state := p_state;
    v_new.listed := p_listed;
    v_new.standing := jsonb_strip_nulls(jsonb_build_object('state', v_now.state, 'phase', v_now.phase, 'progress', v_now.progress,
        'activity', v_now.current_activity));
    v_new.blobs := p_blobs;
    v_new.begins := p_begins or v_now.checkpoint is null;
    v_new.created_at := holdfast.now();
    v_new.digest := digest_of(v_new, (select c.digest from checkpoints c
        where c.venture_id = v_now.venture_id and c.supervisor_id = v_now.id and c.number = v_now.checkpoint));
    insert into checkpoints select v_new.*;
    update supervisor_states set checkpoint = v_new.number where venture_id = v_now.venture_id and id = v_now.id;
    return v_new.number;
end
$$;

-- What a checkpoint says and stands on, as one number.
create function holdfast.digest_of(p_checkpoint holdfast.checkpoints, p_digest_of_parent bytea) returns bytea
language sql stable as $$
    select sha256(convert_to(jsonb_build_array(p_checkpoint.supervisor_id, p_checkpoint.number, p_checkpoint.parent, p_checkpoint.reason,
        p_checkpoint.label, p_checkpoint.state, p_checkpoint.listed, p_checkpoint.standing, p_checkpoint.begins,
        (select jsonb_agg(encode(b.digest, 'hex') order by b.row) from unnest(p_checkpoint.blobs) with ordinality as b (digest, row))
        )::text, 'UTF8') || coalesce(p_digest_of_parent, ''))
$$;

-- A save point that comes with a change: what the change made is listed, and the event of the change tells of it.
create function holdfast.add_save_point(
    p_row holdfast.supervisor_states, p_reason holdfast.checkpoint_reason, p_kind text default null, p_id uuid default null,
    p_label text default null)
returns bigint
language plpgsql as $$
begin
    return add_checkpoint(p_row, p_reason, p_label => p_label, p_listed => case when p_kind is null then '[]'
        else jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('kind', p_kind, 'id', p_id, 'key', p_label))) end);
end
$$;

-- A checkpoint and all that it stands on, the newest first.
create function holdfast.checkpoint_line(p_venture_id uuid, p_supervisor_id uuid, p_number bigint) returns setof holdfast.checkpoints
language sql stable as $$
    with recursive line as (
        select c.* from holdfast.checkpoints c
        where c.venture_id = p_venture_id and c.supervisor_id = p_supervisor_id and c.number = p_number
        union all
        select c.* from line join holdfast.checkpoints c
            on c.venture_id = p_venture_id and c.supervisor_id = p_supervisor_id and c.number = line.parent
    )
    select * from line
$$;

-- The texts of a conversation as it was at a checkpoint, oldest first: the digest, and the content if it is there.
create function holdfast.conversation_at(p_venture_id uuid, p_supervisor_id uuid, p_number bigint)
returns table (number bigint, digest bytea, content bytea)
language sql stable as $$
    with line as materialized (
        select l.number, l.blobs, l.begins from holdfast.checkpoint_line(p_venture_id, p_supervisor_id, p_number) l
    )
    select l.number, d.digest, b.content
    from line l cross join lateral unnest(l.blobs) with ordinality as d (digest, row)
    left join holdfast.blobs b on b.venture_id = p_venture_id and b.digest = d.digest
    where l.number >= (select max(o.number) from line o where o.begins)
    order by l.number, d.row
$$;

-- The checkpoint that a supervisor stands on, or a named one, with the texts of its conversation, oldest first. What its program
-- kept with the newest one before it is kept with a save point of the engine's, too.
create function holdfast.load_checkpoint(p_supervisor_id uuid, p_number bigint default null, p_venture_id uuid default null)
returns table (number bigint, parent bigint, label text, state holdfast.large_json, created_at timestamptz, blobs bytea[],
    reason holdfast.checkpoint_reason, standing jsonb)
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
    v_number  bigint := coalesce(p_number, (select s.checkpoint from supervisor_states s
        where s.venture_id = v_venture and s.id = p_supervisor_id));
begin
    return query
    select c.number, c.parent, c.label, case when c.reason in ('request', 'fork') then c.state else coalesce((select l.state
            from checkpoint_line(v_venture, p_supervisor_id, v_number) l where l.reason in ('request', 'fork')
            order by l.number desc limit 1), '{}')::large_json end, c.created_at, coalesce((select array_agg(t.content)
        from conversation_at(v_venture, p_supervisor_id, v_number) t where t.content is not null), '{}'), c.reason, c.standing
    from checkpoints c
    where c.venture_id = v_venture and c.supervisor_id = p_supervisor_id and c.number = v_number;
    if not found then
        perform refuse('HF003', format('The supervisor %s has no checkpoint %s.', p_supervisor_id, coalesce(v_number::text, 'yet')),
            'Save one with save_checkpoint.');
    end if;
end
$$;

-- Keeps where a supervisor is, for a person who wants to be able to come back to it.
create function holdfast.request_checkpoint(p_supervisor_id uuid, p_label text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'operator');
    v_row     supervisor_states := lock_supervisor(v_venture, p_supervisor_id);
    v_number  bigint;
begin
    perform require_drawn('supervisor', p_supervisor_id::text, v_row.state::text, 'checkpointed', v_row.ended_at is null);
    v_number := add_checkpoint(v_row, 'person', p_label);
    perform emit_supervisor(v_venture, p_supervisor_id, 'supervisor.checkpointed', jsonb_strip_nulls(jsonb_build_object(
        'number', v_number, 'parent', v_row.checkpoint, 'reason', 'person', 'label', p_label, 'by', acting_user())));
    return v_number;
end
$$;

-- Forgets the checkpoints of supervisors that ended so long ago, with the texts that no other checkpoint names. Who saves such a
-- text again makes it new first, and is waited for.
create function holdfast.forget_checkpoints(p_retention_days integer, p_limit integer default 100) returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_limit   integer := require_limit(p_limit, 10000);
    v_before  timestamptz := holdfast.now() - make_interval(days => p_retention_days);
    v_count   integer;
    v_named   blobs[];
begin
    perform require_trusted('forget checkpoints');
    with old as (
        select s.venture_id, s.id from supervisor_states s where s.ended_at < v_before and s.checkpoint is not null
        order by s.ended_at limit v_limit for no key update skip locked
    ), freed as (
        update supervisor_states s set checkpoint = null from old o where (s.venture_id, s.id) = (o.venture_id, o.id)
        returning s.venture_id, s.id
    ), dropped as (
        delete from checkpoints c using freed f where (c.venture_id, c.supervisor_id) = (f.venture_id, f.id)
        returning c.venture_id, c.blobs
    )
    select (select count(*) from freed), coalesce(array_agg(distinct row(d.venture_id, b.digest, null, null)::blobs), '{}')
    into v_count, v_named from dropped d cross join lateral unnest(d.blobs) as b (digest);
    delete from blobs b using unnest(v_named) as n
    where b.venture_id = n.venture_id and b.digest = n.digest and b.created_at < v_before
        and (b.venture_id, b.digest) not in (select c.venture_id, u.digest from checkpoints c cross join lateral unnest(c.blobs) as u (digest)
            where c.venture_id in (select m.venture_id from unnest(v_named) as m));
    return v_count;
end
$$;
