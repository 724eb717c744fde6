-- Tables of the schemas $1 without a primary key, and indexes that are there twice.
select 'table-without-primary-key' as rule, format('%I.%I', n.nspname, c.relname) as object,
    'Its rows cannot be told apart, replicated or compared by key.' as message
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1::text[]) and c.relkind in ('r', 'p') and not c.relispartition
    and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
union all
select 'index-twice', format('%I.%I', n.nspname, (array_agg(i.relname order by i.oid desc))[1]),
    format('It is the same as %s.', (array_agg(format('%I.%I', n.nspname, i.relname) order by i.oid))[1])
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
where n.nspname = any ($1::text[]) and not i.relispartition
group by n.nspname, x.indrelid, x.indkey::text, x.indclass::text, x.indcollation::text, x.indoption::text, x.indisunique,
    pg_get_expr(x.indexprs, x.indrelid), pg_get_expr(x.indpred, x.indrelid), i.relam
having count(*) > 1
order by 1, 2
