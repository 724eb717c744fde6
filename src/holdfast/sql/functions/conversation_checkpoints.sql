-- LangGraph's checkpoints. A list that only grew costs what was added to it: its value is a length of a run of items.

-- Saves a checkpoint with the values that changed. Of a list come the items behind the first `p_keeps` of the value that the
-- channel had in the version `p_bases`; a base that is not there any more is named in `missing`, and nothing is changed.
-- `p_counts` says how many of the contents are a channel's; 0 without a base: it is empty.
create function holdfast.save_conversation_checkpoint(
    p_key text, p_part text, p_checkpoint_id text, p_parent_id text, p_body bytea, p_metadata bytea, p_labels jsonb,
    p_versions jsonb, p_channels text[] default '{}', p_is_list boolean[] default '{}', p_bases text[] default '{}',
    p_keeps integer[] default '{}', p_counts integer[] default '{}', p_contents bytea[] default '{}',
    p_seen bigint default null, p_holder text default null, p_venture_id uuid default null)
returns table (version bigint, missing text[])
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     conversations := open_conversation(v_venture, 'langgraph', '', p_key, p_part);
    v_bytes   bigint := require_contents(v_row, p_contents || p_body || p_metadata);
begin
    perform require_size('The labels and versions of the checkpoint', jsonb_build_array(p_labels, p_versions), 1048576);
    missing := missing_bases(v_row, p_channels, p_bases);
    if missing is not null then
        version := v_row.version;
        return next;
        return;
    end if;
    if v_row.head_name is distinct from p_parent_id and v_row.head_name is distinct from p_checkpoint_id then
        perform require_seen(v_row, p_seen);
    end if;
    insert into conversation_checkpoints as c (venture_id, conversation_id, checkpoint_id, number, parent_id, body, metadata, labels,
        run_id, versions, holder, created_at)
    values (v_venture, v_row.id, p_checkpoint_id, v_row.version + 1, p_parent_id, p_body, p_metadata, p_labels,
        p_labels ->> 'run_id', p_versions, left(p_holder, 200), holdfast.now())
    on conflict (venture_id, conversation_id, checkpoint_id) do update set number = excluded.number, parent_id = excluded.parent_id,
        body = excluded.body, metadata = excluded.metadata, labels = excluded.labels, run_id = excluded.run_id,
        versions = excluded.versions, holder = excluded.holder;
    perform save_values(v_row, p_versions, p_channels, p_is_list, p_bases, p_keeps, p_counts, p_contents);
    perform carry_conversation_on(v_row, v_bytes, p_checkpoint_id, null, p_holder);
    version := v_row.version + 1;
    return next;
end
$$;

create function holdfast.missing_bases(p_row holdfast.conversations, p_channels text[], p_bases text[]) returns text[]
language sql stable as $$
    select array_agg(b.channel) from unnest(p_channels, p_bases) as b (channel, base)
    where b.base is not null and not exists (select from holdfast.conversation_values v
        where v.venture_id = p_row.venture_id and v.conversation_id = p_row.id and v.channel = b.channel
            and v.version = b.base and v.run is not null)
$$;

-- The values of channels that came with a checkpoint. A version that is kept already is what it was.
create function holdfast.save_values(
    p_row holdfast.conversations, p_versions jsonb, p_channels text[], p_is_list boolean[], p_bases text[],
    p_keeps integer[], p_counts integer[], p_contents bytea[])
returns void
language plpgsql as $$
declare
    v_channel record;
    v_items   bytea[];
    v_run     integer;
begin
    for v_channel in
        select c.*, p_versions ->> c.channel as version, coalesce(sum(c.count) over (order by c.place rows between unbounded preceding and 1 preceding), 0) as before
        from unnest(p_channels, p_is_list, p_bases, p_keeps, p_counts) with ordinality as c (channel, is_list, base, keep, count, place)
        order by c.place
    loop
        continue when exists (select from conversation_values v where v.venture_id = p_row.venture_id
            and v.conversation_id = p_row.id and v.channel = v_channel.channel and v.version = v_channel.version);
        v_items := p_contents[v_channel.before + 1 : v_channel.before + v_channel.count];
        v_run := case when v_channel.is_list
            then grow_run(p_row, v_channel.channel, v_channel.base, v_channel.keep, v_items) end;
        insert into conversation_values (venture_id, conversation_id, channel, version, content, run, length)
        values (p_row.venture_id, p_row.id, v_channel.channel, v_channel.version, case when v_run is null then v_items[1] end,
            v_run, case when v_run is not null then v_channel.keep + v_channel.count end);
    end loop;
end
$$;

-- Adds items behind the first so many of a value's; gives the run. At the end of a run it grows, else a new run branches off.
create function holdfast.grow_run(
    p_row holdfast.conversations, p_channel text, p_base text, p_keep integer, p_items bytea[])
returns integer
language plpgsql as $$
declare
    v_base conversation_values;
    v_run  integer;
begin
    select * into v_base from conversation_values where venture_id = p_row.venture_id and conversation_id = p_row.id
        and channel = p_channel and version = p_base;
    if p_keep > coalesce(v_base.length, 0) then
        perform refuse('HF005', format('keep = %s is more than the %s items of %s.', p_keep, coalesce(v_base.length, 0), p_channel),
            'Keep at most what the base has.');
    end if;
    update conversation_runs set length = length + cardinality(p_items)
    where venture_id = p_row.venture_id and conversation_id = p_row.id and run = v_base.run and length = p_keep and p_keep > 0
    returning run into v_run;
    if not found then
        update conversations set runs = runs + 1 where venture_id = p_row.venture_id and id = p_row.id returning runs into v_run;
        insert into conversation_runs (venture_id, conversation_id, run, parent, begins, length)
        values (p_row.venture_id, p_row.id, v_run, case when p_keep > 0 then v_base.run end, p_keep, p_keep + cardinality(p_items));
    end if;
    insert into conversation_items (venture_id, conversation_id, run, place, version, content)
    select p_row.venture_id, p_row.id, v_run, p_keep + i.nth - 1, p_row.version + 1, i.content
    from unnest(p_items) with ordinality as i (content, nth);
    return v_run;
end
$$;

-- The items of a value: those of its run, and of the runs that this one branched off from.
create function holdfast.items_of_run(
    p_conversation_id uuid, p_run integer, p_length integer, p_venture_id uuid default null)
returns table (place integer, content bytea)
language plpgsql stable security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'viewer');
begin
    return query
    with recursive walk (run, upto) as (
        select p_run, p_length
        union all
        select r.parent, least(r.begins, w.upto) from walk w
        join conversation_runs r on r.venture_id = v_venture and r.conversation_id = p_conversation_id and r.run = w.run
        where r.parent is not null
    )
    select i.place, i.content from walk w
    join conversation_items i on i.venture_id = v_venture and i.conversation_id = p_conversation_id and i.run = w.run
        and i.place < w.upto
    order by i.place;
end
$$;

-- Keeps what a task has written before its step is whole. Written again it is what it was, except where the place is
-- negative: of an error or an interrupt the newest counts.
create function holdfast.save_conversation_writes(
    p_key text, p_part text, p_checkpoint_id text, p_task_id text, p_task_path text, p_places integer[], p_channels text[],
    p_contents bytea[], p_venture_id uuid default null)
returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     conversations := open_conversation(v_venture, 'langgraph', '', p_key, p_part);
    v_bytes   bigint := require_contents(v_row, p_contents);
    v_count   integer;
begin
    perform require_same_length(10000, cardinality(p_places), cardinality(p_channels), cardinality(p_contents));
    insert into conversation_writes as w (venture_id, conversation_id, checkpoint_id, task_id, place, task_path, channel, content)
    select v_venture, v_row.id, p_checkpoint_id, p_task_id, g.place, coalesce(p_task_path, ''), g.channel, g.content
    from (select distinct on (u.place) u.* from unnest(p_places, p_channels, p_contents) with ordinality as u (place, channel, content, nth)
        order by u.place, u.nth desc) g
    on conflict (venture_id, conversation_id, checkpoint_id, task_id, place) do update set
        task_path = excluded.task_path, channel = excluded.channel, content = excluded.content
    where w.place < 0;
    get diagnostics v_count = row_count;
    if v_count > 0 then
        update conversations set bytes = bytes + v_bytes, updated_at = holdfast.now() where venture_id = v_venture and id = v_row.id;
    end if;
    return v_count;
end
$$;
