-- What was begun in the schemas $1 and not brought to an end: constraints that are not validated, indexes whose building failed.
select 'constraint-not-validated' as rule, format('%I.%I.%I', n.nspname, c.relname, k.conname) as object,
    format('%s; old rows may break it.', pg_get_constraintdef(k.oid)) as message
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any ($1::text[]) and not k.convalidated and k.conparentid = 0 and (k.coninhcount = 0 or k.conislocal)
    and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
union all
select 'constraint-not-validated', format('%I.%I.%I', n.nspname, t.typname, k.conname),
    format('%s; old values may break it.', pg_get_constraintdef(k.oid))
from pg_constraint k join pg_type t on t.oid = k.contypid join pg_namespace n on n.oid = t.typnamespace
where n.nspname = any ($1::text[]) and not k.convalidated
union all
select 'index-not-valid', format('%I.%I', n.nspname, i.relname), format(
    'It is written with every change of %s and used by no query. Drop it and build it again.', x.indrelid::regclass)
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_namespace n on n.oid = i.relnamespace
where n.nspname = any ($1::text[]) and not x.indisvalid and i.relkind = 'i'
order by 1, 2
