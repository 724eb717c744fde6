-- What other people's frameworks keep here. A writer says up to which version it has read (`p_seen`): if somebody else has
-- carried the talk on since, it is refused and told who that was, instead of forking the conversation.

-- The row of a conversation under its lock; made if it is not there.
create function holdfast.open_conversation(p_venture_id uuid, p_framework text, p_scope text, p_key text, p_part text)
returns holdfast.conversations
language plpgsql as $$
declare
    v_row conversations;
    v_now timestamptz := holdfast.now();
begin
    perform require_conversation_name(p_framework, p_scope, p_key, p_part);
    loop
        v_row := lock_conversation(p_venture_id, p_framework, p_scope, p_key, p_part);
        exit when v_row.id is not null;
        insert into conversations (venture_id, id, framework, scope, key, part, version, created_at, updated_at)
        values (p_venture_id, uuid7(), p_framework, p_scope, p_key, p_part, (extract(epoch from v_now) * 1000000)::bigint, v_now, v_now)
        on conflict do nothing;
    end loop;
    return v_row;
end
$$;

create function holdfast.lock_conversation(p_venture_id uuid, p_framework text, p_scope text, p_key text, p_part text)
returns holdfast.conversations
language sql as $$
    select c from holdfast.conversations c
    where c.venture_id = p_venture_id and c.framework = p_framework and c.scope = p_scope and c.key = p_key and c.part = p_part
    for no key update
$$;

create function holdfast.require_conversation_name(p_framework text, p_scope text, p_key text, p_part text) returns void
language plpgsql immutable as $$
begin
    if p_framework is null or p_scope is null or p_part is null or coalesce(octet_length(p_key), 0) not between 1 and 500
        or octet_length(p_scope) > 500 or octet_length(p_part) > 1000 then
        perform refuse('HF005', format('key = %s is no name of a conversation: 1 to 500 bytes, at most 500 of scope and 1000 of part.',
            left(p_key, 100)), 'Give it a shorter name.');
    end if;
end
$$;

-- Refuses who would fork a conversation: somebody else has carried it on since this writer read it.
create function holdfast.require_seen(p_row holdfast.conversations, p_seen bigint) returns void
language plpgsql as $$
begin
    if p_row.head > p_seen then
        perform refuse('HF009', format('The conversation %s went on since this writer read it: %s wrote to it at %s.',
            p_row.key, coalesce(p_row.head_holder, 'another writer'), p_row.head_at),
            'Read it again and go on from there, or take a conversation of your own.', jsonb_build_object(
            'conversation', p_row.key, 'part', p_row.part, 'holder', p_row.head_holder, 'at', p_row.head_at,
            'newest', p_row.head, 'seen', p_seen));
    end if;
end
$$;

-- Refuses what is too large for one call, one item or one conversation; gives the bytes that come in.
create function holdfast.require_contents(p_row holdfast.conversations, p_contents bytea[]) returns bigint
language plpgsql immutable as $$
declare
    v_bytes bigint;
    v_most  integer;
begin
    select coalesce(sum(octet_length(c)), 0), max(octet_length(c)) into v_bytes, v_most from unnest(p_contents) as c;
    if cardinality(p_contents) > 10000 or v_most > 16777216 or p_row.bytes + v_bytes > 1073741824 then
        perform refuse('HF006', format('%s items with %s bytes, the largest with %s, do not fit the conversation %s, which has %s bytes.',
            cardinality(p_contents), v_bytes, v_most, p_row.key, p_row.bytes),
            'A call brings 10,000 items, an item has 16 MiB, a conversation 1 GiB at most: begin a new one, or delete what is old.');
    end if;
    return v_bytes;
end
$$;

-- Notes that a conversation was carried on, and by whom.
create function holdfast.carry_conversation_on(
    p_row holdfast.conversations, p_bytes bigint, p_name text, p_writer uuid, p_holder text)
returns void
language sql as $$
    update holdfast.conversations set version = version + 1, head = version + 1, head_name = p_name, head_writer = p_writer,
        head_holder = left(p_holder, 200), head_at = holdfast.now(), updated_at = holdfast.now(), bytes = bytes + p_bytes
    where venture_id = p_row.venture_id and id = p_row.id
$$;

-- Adds items at the end. Those with names are there once, however often they are sent. The same writer may send a batch
-- again whose answer it did not hear. What does not carry the talk on, such as a title, forks nothing. A summary that was
-- made of another version than the newest changes nothing: `added` is null then.
create function holdfast.append_conversation(
    p_framework text, p_scope text, p_key text, p_part text, p_contents bytea[], p_names text[] default null,
    p_seen bigint default null, p_writer uuid default null, p_holder text default null, p_summary jsonb default null,
    p_summary_of bigint default null, p_carries_on boolean default true, p_venture_id uuid default null)
returns table (version bigint, length integer, added integer, updated_at timestamptz)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     conversations := open_conversation(v_venture, p_framework, p_scope, p_key, p_part);
    v_mine    boolean := coalesce(v_row.head_writer = p_writer, false);
    v_bytes   bigint := require_contents(v_row, p_contents);
    v_moves   boolean;
begin
    perform require_same_length(10000, cardinality(p_contents), coalesce(cardinality(p_names), cardinality(p_contents)));
    added := 0;
    if not (v_mine and is_replay(v_row, p_seen, p_contents)) then
        if p_summary_of <> (case when v_row.length > 0 then v_row.version else 0 end) then
            return query select v_row.version, v_row.length, null::integer, v_row.updated_at;
            return;
        end if;
        select count(*) into added from new_items(v_row, p_contents, p_names);
        v_moves := added > 0 and p_carries_on;
        if v_moves and not v_mine then
            perform require_seen(v_row, p_seen);
        end if;
        insert into conversation_items (venture_id, conversation_id, run, place, name, version, content)
        select v_venture, v_row.id, 0, v_row.length + i.nth - 1, i.name, v_row.version + 1, i.content
        from new_items(v_row, p_contents, p_names) i;
    end if;
    if added > 0 then
        update conversations c set length = c.length + added, summary = coalesce(p_summary, c.summary),
            bytes = c.bytes + v_bytes, version = c.version + 1, updated_at = holdfast.now()
        where c.venture_id = v_venture and c.id = v_row.id;
    end if;
    if v_moves then
        update conversations c set head = c.version, head_writer = p_writer, head_holder = left(p_holder, 200), head_at = c.updated_at
        where c.venture_id = v_venture and c.id = v_row.id;
    end if;
    return query select c.version, c.length, added, c.updated_at from conversations c
    where c.venture_id = v_venture and c.id = v_row.id;
end
$$;

-- Whether exactly these items were added since a writer read: its own batch, whose answer it did not hear.
create function holdfast.is_replay(p_row holdfast.conversations, p_seen bigint, p_contents bytea[]) returns boolean
language sql stable as $$
    select coalesce(p_seen < p_row.version and p_contents = (
        select array_agg(i.content order by i.place) from holdfast.conversation_items i
        where i.venture_id = p_row.venture_id and i.conversation_id = p_row.id and i.run = 0
            and i.place >= p_row.length - cardinality(p_contents) and i.version > p_seen), false)
$$;

create function holdfast.new_items(p_row holdfast.conversations, p_contents bytea[], p_names text[])
returns table (nth bigint, name text, content bytea)
language sql stable as $$
    select row_number() over (order by g.place), g.name, g.content
    from (select i.name, i.content, i.place, row_number() over (partition by i.name order by i.place) as again
        from rows from (unnest(p_names), unnest(p_contents)) with ordinality as i (name, content, place)) g
    where g.name is null or (g.again = 1 and not exists (select from holdfast.conversation_items k
        where k.venture_id = p_row.venture_id and k.conversation_id = p_row.id and k.name = g.name))
$$;

-- Takes the last item off and gives it back; nothing where there is none.
create function holdfast.pop_conversation_item(
    p_framework text, p_scope text, p_key text, p_part text, p_seen bigint default null, p_writer uuid default null,
    p_holder text default null, p_venture_id uuid default null)
returns table (version bigint, content bytea)
language plpgsql security definer set search_path = holdfast, pg_temp as $$
#variable_conflict use_column
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_row     conversations := lock_conversation(v_venture, p_framework, p_scope, p_key, p_part);
begin
    if coalesce(v_row.length, 0) > 0 then
        if (v_row.head_writer = p_writer) is not true then
            perform require_seen(v_row, p_seen);
        end if;
        delete from conversation_items i where i.venture_id = v_venture and i.conversation_id = v_row.id and i.run = 0
            and i.place = v_row.length - 1 returning i.content into content;
        update conversations c set length = c.length - 1 where c.venture_id = v_venture and c.id = v_row.id;
        perform carry_conversation_on(v_row, -octet_length(content), null, p_writer, p_holder);
    end if;
    version := coalesce(v_row.version, 0) + (content is not null)::integer;
    return next;
end
$$;

-- Forgets a conversation with all its parts, or one part of it; says how many parts there were.
create function holdfast.delete_conversation(
    p_framework text, p_scope text, p_key text, p_part text default null, p_venture_id uuid default null)
returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture uuid := enter(p_venture_id, 'agent');
    v_count   integer;
begin
    delete from conversations where venture_id = v_venture and framework = p_framework and scope = p_scope and key = p_key
        and part = coalesce(p_part, part);
    get diagnostics v_count = row_count;
    return v_count;
end
$$;

-- Forgets the conversations to which nobody has written for so long.
create function holdfast.forget_conversations(p_retention_days integer, p_limit integer default 1000) returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_limit  integer := require_limit(p_limit, 10000);
    v_before timestamptz := holdfast.now() - make_interval(days => p_retention_days);
    v_count  integer;
begin
    perform require_trusted('forget conversations');
    delete from conversations c using (
        select o.venture_id, o.id from conversations o where o.created_at < v_before and o.updated_at < v_before
        order by o.created_at limit v_limit for update skip locked) as old
    where (c.venture_id, c.id) = (old.venture_id, old.id);
    get diagnostics v_count = row_count;
    return v_count;
end
$$;
