-- The check and not-null constraints of tables that are not validated, in the schemas $1 (null: all but the system's):
-- where the rows that break each are to be looked for, how it is validated, and what that locks.
with wanted as (
    select n.oid, n.nspname from pg_namespace n
    where case when $1::text[] is null then n.nspname !~ '^pg_' and n.nspname <> 'information_schema' else n.nspname = any ($1) end
),
found as (
    select k.*, c.relkind, format('%I.%I', n.nspname, c.relname) as table_name, (
        select a.attname from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1]) as first_column
    from pg_constraint k join pg_class c on c.oid = k.conrelid join wanted n on n.oid = c.relnamespace
    where not k.convalidated and k.contype in ('c', 'n')
)
select f.table_name, f.conname::text as name, case f.contype when 'c' then 'check' else 'not_null' end as kind,
    pg_get_constraintdef(f.oid) as definition, coalesce((to_jsonb(f) ->> 'conenforced')::boolean, true) as is_enforced,
    jsonb_build_array(jsonb_build_object('relation', f.conrelid::bigint, 'columns', to_jsonb(f.conkey),
        'from', case when f.relkind = 'p' or not f.connoinherit then '' else 'only ' end || f.table_name,
        -- A check that comes out null is kept: only false breaks it.
        'where', case f.contype when 'n' then format('%I is null', f.first_column)
            else format('(%s) is false', pg_get_expr(f.conbin, f.conrelid)) end)) as places,
    '{}'::text[] as unseen,
    format('alter table %s validate constraint %I', f.table_name, f.conname) as validate,
    jsonb_build_object(f.table_name, 'SHARE UPDATE EXCLUSIVE') as locks
from found f
-- What a child has from its parent is looked at with the parent's.
where not exists (
    select from pg_inherits i join found p on p.conrelid = i.inhparent
    where i.inhrelid = f.conrelid and f.coninhcount > 0 and p.contype = f.contype and not p.connoinherit
        and case f.contype when 'n' then p.first_column = f.first_column else p.conname = f.conname end)
order by 1, 2
