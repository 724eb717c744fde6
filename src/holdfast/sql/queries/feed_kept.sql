-- Whether anything that a reader has seen is still kept: next and in_flight of its cursor. If not, retention has gone
-- past the reader, and what it has not seen may be gone too.
select exists (
    select from holdfast.events e where e.xid < $1::text::xid8 and e.xid <> all ($2::text[]::xid8[])
) as kept
