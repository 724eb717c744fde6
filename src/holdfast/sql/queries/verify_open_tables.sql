-- What stands open: tables without row-level security, views that do not ask as their reader, and policies for readers
-- that ask anything else than which ventures they may see.
select format('%s has no row-level security', c.oid::regclass) as problem
from pg_catalog.pg_class c
where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
union all
select format('%s reads with its owner''s rights', c.oid::regclass)
from pg_catalog.pg_class c
where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('v', 'm')
    and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on'], false)
union all
select format('the policy %s on %s lets %s in by: %s', p.policyname, p.tablename, array_to_string(p.roles, ', '), coalesce(p.qual, p.with_check))
from pg_catalog.pg_policies p
where p.schemaname = 'holdfast' and p.roles <> array['service_role']::name[]
    and (p.roles <> array['authenticated']::name[] or p.cmd <> 'SELECT' or p.permissive <> 'PERMISSIVE'
        or p.qual not similar to '\(venture_id = ANY \((holdfast.)?visible_ventures\(\)\)\)')
union all
select format('nobody may read %s: it has no policy for %s', c.oid::regclass, r.rolname)
from pg_catalog.pg_class c cross join (values ('authenticated'), ('service_role')) as r (rolname)
where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and (r.rolname = 'service_role' or exists (
        select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'venture_id'))
    and not exists (select from pg_catalog.pg_policies p
        where p.schemaname = 'holdfast' and p.tablename = c.relname and r.rolname = any (p.roles))
order by problem
