-- Takes the turn to change this database for as long as the connection lasts, or says who has it. Not a lock that is waited
-- for: who waits in a statement is in the way of indexes that are built concurrently.
select pg_try_advisory_lock(hashtextextended('holdfast.change', 0)) as is_mine, (
    select pid from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())
        and (classid::bigint << 32 | objid::bigint) = hashtextextended('holdfast.change', 0) limit 1) as pid
