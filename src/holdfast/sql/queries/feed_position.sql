-- What a reader that looks now sees: this history's name, the snapshot, the newest event's transaction, the newest dropped one.
-- A visible event is on disk, so no later transaction, not even after a crash, can have its number or a lower one unseen.
select holdfast.feed_epoch() as epoch, pg_current_snapshot()::text as snapshot,
    (select xid::text::bigint from holdfast.events order by xid desc limit 1) as newest_xid,
    (select floor::text::bigint from holdfast.feed_epoch) as floor_xid
