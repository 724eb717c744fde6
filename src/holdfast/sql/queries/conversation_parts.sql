-- The parts of one conversation, the first of them itself: venture, framework, scope, key.
select c.part, c.version, c.length, c.summary from holdfast.conversations c
where c.venture_id = $1 and c.framework = $2 and c.scope = $3 and c.key = $4 order by c.part
