-- What a request role may that it must not, or must and may not.
with relations as (
    select c.oid, c.relkind, c.relispartition from pg_catalog.pg_class c
    where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
), functions as (
    select p.oid, p.prosecdef or p.proname in ('now', 'request_claims', 'request_user') as is_public
    from pg_catalog.pg_proc p where p.pronamespace = 'holdfast'::regnamespace
), writing (right_) as (
    values ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger')
)
select format('anon may use the schema %s', n.nspname) as problem
from pg_catalog.pg_namespace n
where n.nspname = 'holdfast' and has_schema_privilege('anon', n.oid, 'usage, create')
union all
select format('anon may %s %s', w.right_, r.oid::regclass)
from relations r cross join (table writing union all values ('select')) as w
where has_table_privilege('anon', r.oid, w.right_)
    or w.right_ in ('select', 'insert', 'update') and has_any_column_privilege('anon', r.oid, w.right_)
union all
select format('anon may execute %s', f.oid::regprocedure)
from functions f where has_function_privilege('anon', f.oid, 'execute')
union all
select format('authenticated may %s %s', w.right_, r.oid::regclass)
from relations r cross join writing w
where has_table_privilege('authenticated', r.oid, w.right_)
    or w.right_ in ('insert', 'update') and has_any_column_privilege('authenticated', r.oid, w.right_)
union all
select format('authenticated may execute %s, which is a part of others', f.oid::regprocedure)
from functions f where not f.is_public and has_function_privilege('authenticated', f.oid, 'execute')
union all
select format('%s may not execute %s', g.rolname, f.oid::regprocedure)
from functions f cross join (values ('authenticated'), ('service_role')) as g (rolname)
where f.is_public and not has_function_privilege(g.rolname, f.oid, 'execute')
union all
select format('%s may not use the schema holdfast', g.rolname)
from (values ('authenticated'), ('service_role')) as g (rolname)
where not has_schema_privilege(g.rolname, 'holdfast', 'usage')
union all
select format('service_role may not read %s', r.oid::regclass)
from relations r where not r.relispartition and not has_table_privilege('service_role', r.oid, 'select')
order by problem
