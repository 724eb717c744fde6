-- Foreign keys of the schemas $1 whose columns are not the first columns of a usable index.
select 'foreign-key-without-index' as rule, format('%I.%I.%I', n.nspname, c.relname, f.conname) as object,
    format('No index of %I.%I starts with (%s): each delete or change of a row in %s reads the whole table.', n.nspname, c.relname, (
        select string_agg(quote_ident(a.attname), ', ' order by u.place) from unnest(f.conkey) with ordinality as u (attnum, place)
        join pg_attribute a on a.attrelid = f.conrelid and a.attnum = u.attnum), f.confrelid::regclass) as message
from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1::text[]) and f.contype = 'f' and f.conparentid = 0
    and not exists (
        select from pg_index i
        where i.indrelid = f.conrelid and (i.indisvalid or c.relkind = 'p') and i.indpred is null
            and i.indnkeyatts >= cardinality(f.conkey) and (i.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey)
order by 2
