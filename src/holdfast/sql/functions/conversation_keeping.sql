-- Copying threads of checkpoints, and dropping what of them is not needed any more.

-- Copies all that a thread has, in every namespace, to one that is not there yet; says how many namespaces there were.
create function holdfast.copy_conversation(
    p_framework text, p_scope text, p_key text, p_to_key text, p_venture_id uuid default null)
returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_from    conversations;
    v_to      conversations;
    v_count   integer := 0;
begin
    for v_from in
        select * from conversations where venture_id = v_venture and framework = p_framework and scope = p_scope and key = p_key
        order by id for no key update
    loop
        v_to := open_conversation(v_venture, p_framework, p_scope, p_to_key, v_from.part);
        if v_to.bytes > 0 then
            perform refuse('HF009', format('The conversation %s is there already.', p_to_key), 'Copy to a name that is not taken.',
                jsonb_build_object('conversation', p_to_key, 'part', v_to.part));
        end if;
        perform copy_parts(v_from, v_to.id);
        update conversations set version = greatest(version, v_from.version), head = v_from.head, head_name = v_from.head_name,
            head_writer = v_from.head_writer, head_holder = v_from.head_holder, head_at = v_from.head_at, length = v_from.length,
            runs = v_from.runs, bytes = v_from.bytes, summary = v_from.summary
        where venture_id = v_venture and id = v_to.id;
        v_count := v_count + 1;
    end loop;
    return v_count;
end
$$;

create function holdfast.copy_parts(p_from holdfast.conversations, p_to uuid) returns void
language plpgsql as $$
begin
    insert into conversation_items (venture_id, conversation_id, run, place, name, version, content)
    select venture_id, p_to, run, place, name, version, content from conversation_items
    where venture_id = p_from.venture_id and conversation_id = p_from.id;
    insert into conversation_runs (venture_id, conversation_id, run, parent, begins, length)
    select venture_id, p_to, run, parent, begins, length from conversation_runs
    where venture_id = p_from.venture_id and conversation_id = p_from.id;
    insert into conversation_values (venture_id, conversation_id, channel, version, content, run, length)
    select venture_id, p_to, channel, version, content, run, length from conversation_values
    where venture_id = p_from.venture_id and conversation_id = p_from.id;
    insert into conversation_checkpoints (venture_id, conversation_id, checkpoint_id, number, parent_id, body, metadata, labels,
        run_id, versions, holder, created_at)
    select venture_id, p_to, checkpoint_id, number, parent_id, body, metadata, labels, run_id, versions, holder, created_at
    from conversation_checkpoints where venture_id = p_from.venture_id and conversation_id = p_from.id;
    insert into conversation_writes (venture_id, conversation_id, checkpoint_id, task_id, place, task_path, channel, content)
    select venture_id, p_to, checkpoint_id, task_id, place, task_path, channel, content
    from conversation_writes where venture_id = p_from.venture_id and conversation_id = p_from.id;
end
$$;

-- Keeps of each namespace of a thread the newest checkpoint, with what it is rebuilt from; says how many were dropped.
create function holdfast.prune_conversation(
    p_framework text, p_scope text, p_key text, p_venture_id uuid default null)
returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     conversations;
    v_count   integer := 0;
begin
    for v_row in
        select * from conversations where venture_id = v_venture and framework = p_framework and scope = p_scope and key = p_key
        order by id for no key update
    loop
        v_count := v_count + drop_checkpoints(v_row, array(
            select c.checkpoint_id from conversation_checkpoints c where c.venture_id = v_venture and c.conversation_id = v_row.id
            except select n from needed_checkpoints(v_row) as n));
    end loop;
    return v_count;
end
$$;

-- The newest checkpoint, and as many before it as the values need that LangGraph rebuilds from their changes.
create function holdfast.needed_checkpoints(p_row holdfast.conversations) returns setof text
language sql stable as $$
    with recursive newest as (
        select c.checkpoint_id, c.parent_id, (select coalesce(max((d.value ->> 1)::integer) + 1, 0)
            from jsonb_each(c.labels -> 'counters_since_delta_snapshot') as d) as more
        from holdfast.conversation_checkpoints c
        where c.venture_id = p_row.venture_id and c.conversation_id = p_row.id order by c.checkpoint_id desc limit 1
    ), walk as (
        select * from newest
        union all
        select c.checkpoint_id, c.parent_id, w.more - 1 from walk w
        join holdfast.conversation_checkpoints c on c.venture_id = p_row.venture_id and c.conversation_id = p_row.id
            and c.checkpoint_id = w.parent_id
        where w.more > 0
    )
    select checkpoint_id from walk
$$;

-- Drops the checkpoints that runs have made, in all threads; says how many there were.
create function holdfast.delete_conversation_runs(p_run_ids text[], p_venture_id uuid default null) returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     conversations;
    v_count   integer := 0;
begin
    for v_row in
        select * from conversations o where o.venture_id = v_venture and o.id in (
            select c.conversation_id from conversation_checkpoints c where c.venture_id = v_venture and c.run_id = any (p_run_ids))
        order by o.id for no key update
    loop
        v_count := v_count + drop_checkpoints(v_row, array(select c.checkpoint_id from conversation_checkpoints c
            where c.venture_id = v_venture and c.conversation_id = v_row.id and c.run_id = any (p_run_ids)));
    end loop;
    return v_count;
end
$$;

-- Drops checkpoints with their writes, and what no other checkpoint needs of their values.
create function holdfast.drop_checkpoints(p_row holdfast.conversations, p_checkpoint_ids text[]) returns integer
language plpgsql as $$
declare
    v_count integer;
begin
    delete from conversation_writes where venture_id = p_row.venture_id and conversation_id = p_row.id
        and checkpoint_id = any (p_checkpoint_ids);
    delete from conversation_checkpoints where venture_id = p_row.venture_id and conversation_id = p_row.id
        and checkpoint_id = any (p_checkpoint_ids);
    get diagnostics v_count = row_count;
    if v_count > 0 then
        delete from conversation_values where venture_id = p_row.venture_id and conversation_id = p_row.id
            and (channel, version) not in (select v.key, v.value from conversation_checkpoints c, jsonb_each_text(c.versions) as v
                where c.venture_id = p_row.venture_id and c.conversation_id = p_row.id);
        perform trim_runs(p_row);
        update conversations set version = version + 1, updated_at = holdfast.now(), bytes = bytes_of(p_row)
        where venture_id = p_row.venture_id and id = p_row.id;
    end if;
    return v_count;
end
$$;

-- Cuts each run to what is needed of it: by a value, or by a run that branched off and is needed itself.
create function holdfast.trim_runs(p_row holdfast.conversations) returns void
language plpgsql as $$
begin
    with recursive needed (run, length) as (
        select v.run, v.length from conversation_values v
        where v.venture_id = p_row.venture_id and v.conversation_id = p_row.id and v.run is not null
        union
        select r.parent, least(r.begins, n.length) from needed n
        join conversation_runs r on r.venture_id = p_row.venture_id and r.conversation_id = p_row.id and r.run = n.run
        where r.parent is not null
    )
    update conversation_runs r set length = greatest(r.begins, coalesce(n.length, r.begins))
    from conversation_runs k left join (select run, max(length) as length from needed group by run) n on n.run = k.run
    where r.venture_id = p_row.venture_id and r.conversation_id = p_row.id
        and k.venture_id = r.venture_id and k.conversation_id = r.conversation_id and k.run = r.run;
    delete from conversation_items i using conversation_runs r
    where i.venture_id = p_row.venture_id and i.conversation_id = p_row.id
        and r.venture_id = i.venture_id and r.conversation_id = i.conversation_id and r.run = i.run and i.place >= r.length;
    delete from conversation_runs r where r.venture_id = p_row.venture_id and r.conversation_id = p_row.id and r.length = r.begins
        and not exists (select from conversation_values v where v.venture_id = r.venture_id
            and v.conversation_id = r.conversation_id and v.run = r.run)
        and not exists (select from conversation_runs k where k.venture_id = r.venture_id
            and k.conversation_id = r.conversation_id and k.parent = r.run);
end
$$;

create function holdfast.bytes_of(p_row holdfast.conversations) returns bigint
language sql stable as $$
    select coalesce(sum(b.bytes), 0)::bigint from (
        select sum(octet_length(i.content)) as bytes from holdfast.conversation_items i
        where i.venture_id = p_row.venture_id and i.conversation_id = p_row.id
        union all select sum(octet_length(v.content)) from holdfast.conversation_values v
        where v.venture_id = p_row.venture_id and v.conversation_id = p_row.id
        union all select sum(octet_length(c.body) + octet_length(c.metadata)) from holdfast.conversation_checkpoints c
        where c.venture_id = p_row.venture_id and c.conversation_id = p_row.id
        union all select sum(octet_length(w.content)) from holdfast.conversation_writes w
        where w.venture_id = p_row.venture_id and w.conversation_id = p_row.id) b
$$;
