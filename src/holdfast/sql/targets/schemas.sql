-- The schemas that people made, and how many tables each has.
select n.nspname::text as name, (select count(*) from pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'f')) as tables
from pg_namespace n where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1
