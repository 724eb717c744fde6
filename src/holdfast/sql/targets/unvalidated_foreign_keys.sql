-- The same of foreign keys. Columns are compared as the constraint itself compares them, and only in the tables' own rows
-- where it looks at no others.
with wanted as (
    select n.oid, n.nspname from pg_namespace n
    where case when $1::text[] is null then n.nspname !~ '^pg_' and n.nspname <> 'information_schema' else n.nspname = any ($1) end
),
found as (
    select k.*, format('%I.%I', n.nspname, c.relname) as table_name, format('%I.%I', tn.nspname, t.relname) as target_name,
        case when c.relkind = 'p' then '' else 'only ' end as only_mine, case when t.relkind = 'p' then '' else 'only ' end as only_theirs,
        coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false) as has_period
    from pg_constraint k join pg_class c on c.oid = k.conrelid join wanted n on n.oid = c.relnamespace
    join pg_class t on t.oid = k.confrelid join pg_namespace tn on tn.oid = t.relnamespace
    where not k.convalidated and k.contype = 'f'
),
pairs as (
    select f.oid, u.place, f.has_period and u.place = cardinality(f.conkey) as is_period,
        format('r.%I', a.attname) as mine, format('t.%I', b.attname) as theirs,
        format('t.%I operator(%I.%s) r.%I%s', b.attname, o.nspname, p.oprname, a.attname, (
            select format(' collate %I.%I', cn.nspname, co.collname) from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
            where co.oid = b.attcollation and a.attcollation <> b.attcollation)) as equal
    from found f
    cross join unnest(f.conkey, f.confkey, f.conpfeqop) with ordinality as u (mine, theirs, operator, place)
    join pg_attribute a on a.attrelid = f.conrelid and a.attnum = u.mine
    join pg_attribute b on b.attrelid = f.confrelid and b.attnum = u.theirs
    join pg_operator p on p.oid = u.operator join pg_namespace o on o.oid = p.oprnamespace
),
conditions as (
    select oid, string_agg(mine || ' is null', ' or ' order by place) as some_null,
        string_agg(mine || ' is null', ' and ' order by place) as all_null,
        string_agg(equal, ' and ' order by place) filter (where not is_period) as equal,
        max(mine) filter (where is_period) as my_period, max(theirs) filter (where is_period) as their_period
    from pairs group by oid
),
alone as (
    select c.*, case when c.my_period is null
        then format('not exists (select from %s%s t where %s)', f.only_theirs, f.target_name, c.equal)
        -- The times of all rows with the same key together have to cover the row's own.
        else format('not coalesce((select %s <@ range_agg(%s) from %s%s t where %s), false)', c.my_period, c.their_period,
            f.only_theirs, f.target_name, concat_ws(' and ', c.equal, c.their_period || ' && ' || c.my_period)) end as is_alone
    from conditions c join found f using (oid)
)
select f.table_name, f.conname::text as name, 'foreign_key' as kind, pg_get_constraintdef(f.oid) as definition,
    coalesce((to_jsonb(f) ->> 'conenforced')::boolean, true) as is_enforced,
    jsonb_build_array(jsonb_build_object('relation', f.conrelid::bigint, 'columns', to_jsonb(f.conkey),
        'from', format('%s%s r', f.only_mine, f.table_name),
        -- A key with a null in it points nowhere and breaks nothing, unless the constraint matches full keys only.
        'where', case f.confmatchtype when 'f' then format('not (%s) and ((%s) or %s)', a.all_null, a.some_null, a.is_alone)
            else format('not (%s) and %s', a.some_null, a.is_alone) end)) as places,
    '{}'::text[] as unseen,
    format('alter table %s validate constraint %I', f.table_name, f.conname) as validate,
    jsonb_build_object(f.target_name, 'ROW SHARE') || jsonb_build_object(f.table_name, 'SHARE UPDATE EXCLUSIVE') as locks
from found f join alone a using (oid)
where not exists (select from found p where p.oid = f.conparentid)
order by 1, 2
