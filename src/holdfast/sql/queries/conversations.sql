-- Conversations of a scope, those written to last first: venture, framework, scope, how many.
select c.key, c.version, c.length, c.bytes, c.summary, c.updated_at from holdfast.conversations c
where c.venture_id = $1 and c.framework = $2 and c.scope = $3 and c.part = ''
order by c.updated_at desc limit $4
