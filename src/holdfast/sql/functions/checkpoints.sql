-- What a supervisor needs to go on.

-- Saves a checkpoint on top of `p_parent`, by compare-and-set: two writers of one conversation do not fork it. The
-- blobs are kept once each; a checkpoint costs what is new in it.
create function holdfast.save_checkpoint(
    p_supervisor_id uuid, p_epoch bigint, p_token uuid, p_parent bigint, p_state jsonb default '{}',
    p_blobs bytea[] default '{}', p_label text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     supervisor_states := fence_supervisor(v_venture, p_supervisor_id, p_epoch, p_token);
    v_newest  bigint;
    v_now     timestamptz := holdfast.now();
begin
    perform require_size('The state of the checkpoint', p_state, 1048576);
    select max(number) into v_newest from checkpoints where venture_id = v_venture and supervisor_id = p_supervisor_id;
    if p_parent is distinct from v_newest and p_parent is not null then
        perform refuse('HF009', format('The newest checkpoint of %s is %s, not %s.', p_supervisor_id,
            coalesce(v_newest::text, 'none'), p_parent), 'Load the newest one and save on top of it.',
            jsonb_build_object('newest', v_newest, 'parent', p_parent));
    end if;
    insert into blobs (venture_id, digest, content, created_at)
    select distinct on (sha256(b.content)) v_venture, sha256(b.content), b.content, v_now from unnest(p_blobs) as b (content)
    order by sha256(b.content)
    on conflict do nothing;
    insert into checkpoints (venture_id, supervisor_id, number, parent, label, state, blobs, created_at)
    values (v_venture, p_supervisor_id, coalesce(v_newest, 0) + 1, p_parent, p_label, coalesce(p_state, '{}'),
        coalesce((select array_agg(sha256(b.content) order by b.row) from unnest(p_blobs) with ordinality as b (content, row)), '{}'),
        v_now);
    perform emit_supervisor(v_venture, p_supervisor_id, 'supervisor.checkpointed', jsonb_strip_nulls(jsonb_build_object(
        'number', coalesce(v_newest, 0) + 1, 'parent', p_parent, 'label', p_label)), p_got_on => true);
    return coalesce(v_newest, 0) + 1;
end
$$;

-- The newest checkpoint, or a named one, with all the blobs of the chain it stands on, oldest first.
create function holdfast.load_checkpoint(p_supervisor_id uuid, p_number bigint default null, p_venture_id uuid default null)
returns table (number bigint, parent bigint, label text, state holdfast.large_json, created_at timestamptz, blobs bytea[])
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
    v_number  bigint := p_number;
begin
    if v_number is null then
        select max(c.number) into v_number from checkpoints c where c.venture_id = v_venture and c.supervisor_id = p_supervisor_id;
    end if;
    return query
    with recursive chain as (
        select c.* from checkpoints c
        where c.venture_id = v_venture and c.supervisor_id = p_supervisor_id and c.number = v_number
        union all
        select c.* from checkpoints c join chain on c.venture_id = v_venture and c.supervisor_id = p_supervisor_id
            and c.number = chain.parent
    )
    select c.number, c.parent, c.label, c.state, c.created_at, coalesce((
        select array_agg(b.content order by chain.number, d.row)
        from chain cross join lateral unnest(chain.blobs) with ordinality as d (digest, row)
        join holdfast.blobs b on b.venture_id = v_venture and b.digest = d.digest), '{}')
    from checkpoints c
    where c.venture_id = v_venture and c.supervisor_id = p_supervisor_id and c.number = v_number;
    if not found then
        perform refuse('HF003', format('The supervisor %s has no checkpoint %s.', p_supervisor_id, coalesce(v_number::text, 'yet')),
            'Save one with save_checkpoint.');
    end if;
end
$$;
