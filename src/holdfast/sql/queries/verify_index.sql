-- What an index of the schema is, as `btree (columns) WHERE …`, with `unique` before it.
select case when x.indisunique then 'unique ' else '' end
    || substring(pg_catalog.pg_get_indexdef(x.indexrelid) from ' USING (.*)$')
    || case when not x.indisvalid then ' (not valid: its building failed)' else '' end as definition
from pg_catalog.pg_index x join pg_catalog.pg_class i on i.oid = x.indexrelid
where i.relnamespace = 'holdfast'::regnamespace and i.relname = $1 and x.indrelid = to_regclass('holdfast.auto_proceed_sessions')
