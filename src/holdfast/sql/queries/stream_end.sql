-- The newest events of one stream, oldest of them first: venture, stream, how many.
select * from (
    select seq, type, time, actor, data from holdfast.events where venture_id = $1 and stream_id = $2 order by seq desc limit $3) as newest
order by seq
