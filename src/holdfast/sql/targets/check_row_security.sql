-- What of the schemas $1 row-level security does not keep apart: tables without it or without a policy, policies that let
-- everyone in, and views that read with their owner's rights.
with tables as (
    select c.*, n.nspname, format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any ($1::text[]) and c.relkind in ('r', 'p')
)
select 'table-without-row-security' as rule, t.name as object,
    'Row-level security is off: who may select from it reads every row.' as message
from tables t where not t.relrowsecurity and not t.relispartition
union all
select 'row-security-without-policy', t.name, 'Row-level security is on and there is no policy: only its owner sees rows.'
from tables t where t.relrowsecurity and not exists (select from pg_policy p where p.polrelid = t.oid)
union all
select 'policy-for-everyone', format('%s.%I', t.name, p.polname), format('It lets %s %s every row.',
    (select string_agg(coalesce(r.rolname, 'everybody'), ', ' order by 1) from unnest(p.polroles) as u (role) left join pg_roles r on r.oid = u.role),
    case p.polcmd when 'r' then 'read' when 'a' then 'insert' when 'w' then 'change' when 'd' then 'delete' else 'read and change' end)
from tables t join pg_policy p on p.polrelid = t.oid
where p.polpermissive and 'true' in (pg_get_expr(p.polqual, t.oid), pg_get_expr(p.polwithcheck, t.oid))
    and exists (select from unnest(p.polroles) as u (role) left join pg_roles r on r.oid = u.role
        where u.role = 0 or r.rolname in ('anon', 'authenticated'))
union all
select distinct 'view-with-owners-rights', format('%I.%I', n.nspname, v.relname),
    format('It reads %s with its owner''s rights, past row-level security; PostgreSQL 15 has security_invoker.', b.name)
from pg_class v join pg_namespace n on n.oid = v.relnamespace
join pg_rewrite w on w.ev_class = v.oid
join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
join (select c.oid, c.oid::regclass::text as name from pg_class c where c.relrowsecurity) b on b.oid = d.refobjid
where n.nspname = any ($1::text[]) and v.relkind = 'v'
    and not coalesce(v.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
order by 1, 2
