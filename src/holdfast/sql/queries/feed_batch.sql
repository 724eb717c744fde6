-- One batch of the feed in order: venture (or null for all), next and in_flight of its begin, next and in_flight of its
-- end, how many to skip, how many at most or null. Who reads it again gets the same rows: all of them were finished when its end was taken.
select b.venture_id, b.stream::text, b.stream_id, b.seq, b.xid::text::bigint as xid, b.type, b.time, b.actor, b.data,
    count(*) over () as size, count(*) over (partition by b.venture_id) as venture_size
from (
    select e.*, max(e.time) over (partition by e.venture_id, e.stream_id order by e.seq) as latest
    from holdfast.events e
    where ($1::uuid is null or e.venture_id = $1)
        and (e.xid >= $2::text::xid8 or e.xid = any ($3::text[]::xid8[]))
        and e.xid < $4::text::xid8 and e.xid <> all ($5::text[]::xid8[])
) as b
order by b.latest, b.stream_id, b.seq
offset $6::bigint limit $7::bigint
