-- The events of one stream after a seq: venture, stream, seq, how many.
select e.venture_id, e.stream::text, e.stream_id, e.seq, e.xid::text::bigint as xid, e.type, e.time, e.actor, e.data
from holdfast.events e
where e.venture_id = $1 and e.stream_id = $2 and e.seq > $3
order by e.seq
limit $4
