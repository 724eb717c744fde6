-- The statement that asks each table and view whether it shows rows of the venture $1, and of any other one.
select string_agg(format(
    'select %L as name, %L as is_table, exists (select from holdfast.%I where venture_id = $1) as own,'
    ' exists (select from holdfast.%I where venture_id <> $1) as foreign',
    c.relname, c.relkind <> 'v', c.relname, c.relname), ' union all ' order by c.relname)
from pg_catalog.pg_class c
where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
    and exists (select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'venture_id')
