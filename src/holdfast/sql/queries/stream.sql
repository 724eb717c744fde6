-- The events of one stream after a seq, in order: venture, stream, seq, how many.
select venture_id, stream::text, stream_id, seq, xid::text::bigint as xid, type, time, actor, data
from holdfast.events
where venture_id = $1 and stream_id = $2 and seq > $3
order by seq
limit $4
