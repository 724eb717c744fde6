-- Where the feed ends now, for a reader that stands at an xid: that xid. `next` never passes the newest event that can
-- be seen, since a crash may give the ids above it out again; the xids below it that are in flight are yet to come. Of
-- transactions up to `floor` retention may have dropped events.
select
    holdfast.feed_epoch() as epoch,
    holdfast.feed_floor()::text::bigint as floor,
    pg_is_in_recovery() as standby,
    pg_snapshot_xmax(s.snapshot)::text::bigint as xmax,
    n.next,
    array(
        select x::text::bigint from pg_snapshot_xip(s.snapshot) as x where x::text::bigint < n.next order by 1
    ) as in_flight
from (select pg_current_snapshot() as snapshot) as s,
    lateral (
        select greatest($1::bigint, (select e.xid::text::bigint + 1 from holdfast.events e order by e.xid desc limit 1)) as next
    ) as n
