-- Where the feed ends now, as `tail` tells it, and the events up to there, as `feed_batch` gives them: venture (or null for
-- all), next and in_flight of where the reader stands, how many at most. One statement has one snapshot, which sees
-- what is before its end and nothing else. Where there is no event there is one row without one.
select f.*, b.*
from (
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
            select greatest($2::text::bigint, (select e.xid::text::bigint + 1 from holdfast.events e order by e.xid desc limit 1)) as next
        ) as n
) as f
left join lateral (
    select e.venture_id, e.stream::text, e.stream_id, e.seq, e.xid::text::bigint as xid, e.type, e.time, e.actor, e.data,
        count(*) over () as size, count(*) over (partition by e.venture_id) as venture_size,
        row_number() over (order by e.latest, e.stream_id, e.seq) as place
    from (
        select e.*, max(e.time) over (partition by e.venture_id, e.stream_id order by e.seq) as latest
        from holdfast.events e
        where ($1::uuid is null or e.venture_id = $1)
            and (e.xid >= $2::text::xid8 or e.xid = any ($3::text[]::xid8[]))
    ) as e
    order by place limit $4::bigint
) as b on true
order by b.place
