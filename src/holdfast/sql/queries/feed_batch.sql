-- The events between two snapshots: next and in-flight of the earlier; next and in-flight of the later (null: of now);
-- venture (null: every one). Sorted by seq within each stream, and chronologically otherwise.
select e.venture_id, e.stream::text, e.stream_id, e.seq, e.xid::text::bigint as xid, e.type, e.time, e.actor, e.data
from holdfast.events e
where (e.xid >= $1::text::xid8 or e.xid = any ($2::text[]::xid8[]))
    and ($3::text is null or (e.xid < $3::text::xid8 and e.xid <> all ($4::text[]::xid8[])))
    and ($5::uuid is null or e.venture_id = $5)
order by max(e.time) over (partition by e.stream_id order by e.seq), e.stream_id, e.seq
