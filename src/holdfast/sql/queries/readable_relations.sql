-- Every view and table that requests may read, with the columns that they may read.
select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns,
    array_agg(holdfast.type_name(a.atttypid) order by a.attnum) as types
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
    and has_column_privilege('authenticated', c.oid, a.attnum, 'select')
group by c.oid, c.relname
order by c.relname
