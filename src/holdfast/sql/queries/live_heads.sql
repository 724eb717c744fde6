-- The newest event of every stream in which something happened since a transaction: that transaction, how many at most.
select distinct on (venture_id, stream_id) venture_id, stream_id, seq, xid::text::bigint as xid
from holdfast.events where xid >= $1::text::xid8
order by venture_id, stream_id, seq desc
limit $2
