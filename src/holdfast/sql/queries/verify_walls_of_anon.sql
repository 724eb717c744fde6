-- A statement for each table and view of the schema that reads of it.
select c.relname as name, format('select from holdfast.%I limit 1', c.relname) as statement
from pg_catalog.pg_class c
where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
order by c.relname
