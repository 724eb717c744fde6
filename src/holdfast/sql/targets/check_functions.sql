-- Functions of the schemas $1 that run with their owner's rights and look for names where their caller says.
select 'definer-without-search-path' as rule, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as object,
    'It runs with its owner''s rights, and its caller chooses the search_path: whose tables and functions it finds.' as message
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = any ($1::text[]) and p.prosecdef
    and not exists (select from unnest(p.proconfig) as c (setting) where c.setting like 'search_path=%')
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by 2
