-- The same of the constraints of domains, which are about every column of the domain and of the domains over it. Where a
-- column holds the domain inside of an array or a composite type, PostgreSQL cannot validate it and we cannot look.
with recursive wanted as (
    select n.oid, n.nspname from pg_namespace n
    where case when $1::text[] is null then n.nspname !~ '^pg_' and n.nspname <> 'information_schema' else n.nspname = any ($1) end
),
found as (
    select k.*, format('%I.%I', n.nspname, t.typname) as domain_name
    from pg_constraint k join pg_type t on t.oid = k.contypid join wanted n on n.oid = t.typnamespace
    where not k.convalidated
),
types as (
    select f.oid, f.contypid as type from found f
    union
    select s.oid, t.oid from types s join pg_type t on t.typbasetype = s.type and t.typtype = 'd'
),
bases as (
    select distinct s.type, s.type as base from types s
    union
    select b.type, t.typbasetype from bases b join pg_type t on t.oid = b.base and t.typtype = 'd'
),
containers as (
    select s.oid, t.oid as type from types s join pg_type t on t.typelem = s.type and t.typcategory = 'A'
    union
    select s.oid, c.reltype from types s join pg_attribute a on a.atttypid = s.type and not a.attisdropped
    join pg_class c on c.oid = a.attrelid and c.relkind = 'c'
),
held as (
    select s.oid, s.type, a.attrelid, a.attnum, a.attname, format('%I.%I', n.nspname, c.relname) as table_name, is_inside
    from (select oid, type, false from types union all select oid, type, true from containers) as s (oid, type, is_inside)
    join pg_attribute a on a.atttypid = s.type and a.attnum > 0 and not a.attisdropped
    join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'm') join pg_namespace n on n.oid = c.relnamespace
)
select f.domain_name as table_name, f.conname::text as name, 'domain' as kind, pg_get_constraintdef(f.oid) as definition,
    true as is_enforced,
    coalesce((select jsonb_agg(jsonb_build_object('relation', h.attrelid::bigint, 'columns', jsonb_build_array(h.attnum),
        'from', format('only %s r', h.table_name),
        'where', format('(select (%s) is false from (select r.%I::%s as value) v)', pg_get_expr(f.conbin, 0), h.attname,
            format_type(b.base, -1))) order by h.table_name, h.attname)
        from held h join bases b using (type) join pg_type t on t.oid = b.base and t.typtype <> 'd'
        where h.oid = f.oid and not h.is_inside), '[]') as places,
    array(select format('%s.%I', h.table_name, h.attname) from held h where h.oid = f.oid and h.is_inside order by 1) as unseen,
    format('alter domain %s validate constraint %I', f.domain_name, f.conname) as validate,
    coalesce((select jsonb_object_agg(h.table_name, 'SHARE') from held h where h.oid = f.oid and not h.is_inside), '{}') as locks
from found f
order by 1, 2
