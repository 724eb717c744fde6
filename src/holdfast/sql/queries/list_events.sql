-- A page of events, newest first: venture, the time, stream and seq before which it begins, how many, kind of stream, stream,
-- type, from when, until when.
select stream, stream_id, seq, type, time, actor, data from holdfast.events
where venture_id = $1 and ($2::timestamptz is null or (time, stream_id, seq) < ($2, $3::uuid, $4::bigint))
    and ($6::text is null or stream::text = $6)
    and ($7::uuid is null or stream_id = $7)
    and ($8::text is null or type = $8)
    and ($9::timestamptz is null or time >= $9)
    and ($10::timestamptz is null or time < $10)
order by time desc, stream_id desc, seq desc limit $5
