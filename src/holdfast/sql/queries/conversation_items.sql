-- Items of a list in order, from a place on: venture, framework, scope, key, part, the place, how many.
select c.version, c.length, i.place, i.content from holdfast.conversations c
left join lateral (
    select k.place, k.content from holdfast.conversation_items k
    where k.venture_id = c.venture_id and k.conversation_id = c.id and k.run = 0 and k.place >= $6
    order by k.place limit $7) i on true
where c.venture_id = $1 and c.framework = $2 and c.scope = $3 and c.key = $4 and c.part = $5
order by i.place
