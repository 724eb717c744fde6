-- What each object of the schemas $1 says; what an extension brought along is the extension's affair.
with wanted as (
    select n.oid, n.nspname, n.nspacl from pg_namespace n where n.nspname = any ($1::text[])
),
ours as (
    select c.*, format('%I.%I', n.nspname, c.relname) as name from pg_class c join wanted n on n.oid = c.relnamespace
    where not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
select 'schema ' || quote_ident(nspname) as object, coalesce(nspacl::text, '') as definition from wanted
union all
select case c.relkind when 'f' then 'foreign table ' else 'table ' end || c.name, concat_ws(' ', case c.relkind when 'p' then 'partition by ' || pg_get_partkeydef(c.oid) end,
    case when c.relispartition then 'partition ' || pg_get_expr(c.relpartbound, c.oid) end,
    case when c.relrowsecurity then 'row security' end, case when c.relforcerowsecurity then 'forced' end, c.reloptions::text, c.relacl::text)
from ours c where c.relkind in ('r', 'p', 'f')
union all
select format('column %s.%I', c.name, a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    case when a.attcollation <> t.typcollation then 'collate ' || a.attcollation::regcollation end,
    case when a.attnotnull then 'not null' end, case a.attidentity when 'a' then 'identity always' when 'd' then 'identity' end,
    case a.attgenerated when 's' then 'stored ' when 'v' then 'virtual ' end || '=', pg_get_expr(d.adbin, d.adrelid), a.attacl::text)
from ours c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind in ('r', 'p', 'f')
union all
-- From PostgreSQL 18 on not-null is a constraint too; that it holds is said of the column.
select format('constraint %s.%I', c.name, k.conname), pg_get_constraintdef(k.oid)
from ours c join pg_constraint k on k.conrelid = c.oid where c.relkind in ('r', 'p', 'f') and (k.contype <> 'n' or not k.convalidated)
union all
select 'index ' || i.name, concat_ws(' ', pg_get_indexdef(x.indexrelid), case when not x.indisvalid then 'not valid' end,
    case when x.indisreplident then 'replica identity' end)
from pg_index x join ours i on i.oid = x.indexrelid
union all
select format('policy %s.%I', c.name, p.polname), concat_ws(' ', case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
    'to ' || (select string_agg(coalesce(r.rolname, 'public'), ', ' order by r.rolname) from unnest(p.polroles) u (role) left join pg_roles r on r.oid = u.role),
    'using (' || pg_get_expr(p.polqual, c.oid) || ')', 'with check (' || pg_get_expr(p.polwithcheck, c.oid) || ')')
from ours c join pg_policy p on p.polrelid = c.oid
union all
select format('trigger %s.%I', c.name, t.tgname), concat_ws(' ', pg_get_triggerdef(t.oid), case t.tgenabled when 'O' then null else t.tgenabled end)
from ours c join pg_trigger t on t.tgrelid = c.oid where not t.tgisinternal
union all
select format('rule %s.%I', c.name, r.rulename), pg_get_ruledef(r.oid)
from ours c join pg_rewrite r on r.ev_class = c.oid where c.relkind in ('r', 'p') 
union all
select case c.relkind when 'm' then 'materialized view ' else 'view ' end || c.name, concat_ws(' ', pg_get_viewdef(c.oid), c.reloptions::text, c.relacl::text)
from ours c where c.relkind in ('v', 'm')
union all
select 'sequence ' || c.name, concat_ws(' ', format_type(s.seqtypid, null), s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
    case when s.seqcycle then 'cycle' end, c.relacl::text)
from ours c join pg_sequence s on s.seqrelid = c.oid
union all
select 'function ' || p.oid::regprocedure, case p.prokind when 'a' then concat_ws(' ', 'aggregate', pg_get_function_result(p.oid), p.proacl::text)
    else concat_ws(' ', pg_get_functiondef(p.oid), p.proacl::text) end
from pg_proc p join wanted n on n.oid = p.pronamespace
where not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select 'type ' || t.oid::regtype, case t.typtype
    when 'e' then 'enum ' || (select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
    when 'd' then concat_ws(' ', 'domain over', format_type(t.typbasetype, t.typtypmod), case when t.typnotnull then 'not null' end, t.typdefault, (
        select string_agg(format('constraint %I %s', k.conname, pg_get_constraintdef(k.oid)), ' ' order by k.conname)
        from pg_constraint k where k.contypid = t.oid))
    when 'c' then 'composite ' || (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
        from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
    else t.typtype::text end
from pg_type t join wanted n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
where (t.typtype in ('e', 'd', 'r') or t.typtype = 'c' and c.relkind = 'c')
    and not exists (select from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
order by 1
