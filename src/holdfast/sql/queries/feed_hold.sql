-- For how long the oldest transaction that writes has held back the feed, in seconds; 0 if none does.
select coalesce(max(extract(epoch from clock_timestamp() - a.xact_start)), 0)::double precision as seconds
from pg_catalog.pg_stat_activity a
where a.datname = pg_catalog.current_database() and a.backend_xid is not null and a.pid <> pg_catalog.pg_backend_pid()
