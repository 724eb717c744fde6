-- Whether the index $1, as a statement names it, on the table $2 (null: wherever it is found) is there, and valid.
select x.indisvalid as is_valid, format('drop index concurrently %I.%I', n.nspname, i.relname) as drop
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
where case when $2::text is null then i.oid = to_regclass($1) else
    x.indrelid = to_regclass($2) and i.relname = (parse_ident($1))[cardinality(parse_ident($1))] end
