-- Checkpoints with their writes and the values of their channels, newest first: venture, thread (null: all), namespace (null: all), the one checkpoint (null: all), those before this one, with these labels, behind this one, of this conversation, how many.
select c.id as conversation_id, c.key, c.part, c.version, p.checkpoint_id, p.parent_id, p.body, p.metadata, p.versions,
    w.task_ids, w.channels as write_channels, w.contents as writes,
    v.channels, v.contents, v.runs, v.lengths, v.value_versions
from holdfast.conversations c
join holdfast.conversation_checkpoints p on p.venture_id = c.venture_id and p.conversation_id = c.id
cross join lateral (
    select array_agg(k.task_id order by k.task_path, k.task_id, k.place) as task_ids,
        array_agg(k.channel order by k.task_path, k.task_id, k.place) as channels,
        array_agg(k.content order by k.task_path, k.task_id, k.place) as contents
    from holdfast.conversation_writes k
    where k.venture_id = c.venture_id and k.conversation_id = c.id and k.checkpoint_id = p.checkpoint_id) w
cross join lateral (
    select array_agg(k.channel) as channels, array_agg(k.content) as contents, array_agg(k.run) as runs,
        array_agg(k.length) as lengths, array_agg(k.version) as value_versions
    from jsonb_each_text(p.versions) as n
    join holdfast.conversation_values k on k.venture_id = c.venture_id and k.conversation_id = c.id and k.channel = n.key
        and k.version = n.value) v
where c.venture_id = $1 and c.framework = 'langgraph' and c.scope = '' and ($2::text is null or c.key = $2)
    and ($3::text is null or c.part = $3) and ($4::text is null or p.checkpoint_id = $4)
    and ($5::text is null or p.checkpoint_id < $5) and ($6::jsonb is null or p.labels @> $6)
    and ($7::text is null or (p.checkpoint_id, c.id) < ($7, $8::uuid))
order by p.checkpoint_id desc, c.id desc limit $9
