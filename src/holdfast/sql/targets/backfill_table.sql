-- What the table, view or foreign table $1 is, with its columns; no row where there is none.
select format('%I.%I', n.nspname, c.relname) as name, c.oid::bigint as oid, jsonb_agg(jsonb_build_object(
    'name', a.attname, 'type', format_type(a.atttypid, -1), 'is_builtin', t.typnamespace = 'pg_catalog'::regnamespace,
    'collation', nullif(a.attcollation, 0)::regcollation::text,
    'key', (select array_position(i.indkey::int2[], a.attnum) from pg_index i where i.indrelid = c.oid and i.indisprimary)
    ) order by a.attnum) as columns
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped join pg_type t on t.oid = a.atttypid
where c.oid = to_regclass($1) and c.relkind in ('r', 'p', 'v', 'm', 'f')
group by n.nspname, c.relname, c.oid
