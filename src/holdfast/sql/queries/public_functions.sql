-- Every function that requests may call, with its arguments in order, how many of them must be given, and what it gives.
select p.proname as name,
    coalesce(p.proargnames[1:p.pronargs], '{}') as arguments,
    array(select holdfast.type_name(a.oid) from unnest(p.proargtypes) with ordinality as a (oid, n) order by a.n) as types,
    p.pronargs - p.pronargdefaults as required,
    case when p.proretset then 'rows' when p.prorettype = 'void'::regtype then 'nothing' else 'value' end as gives
from pg_catalog.pg_proc p
where p.pronamespace = 'holdfast'::regnamespace and p.prokind = 'f' and p.prosecdef
    and p.prorettype <> 'trigger'::regtype and has_function_privilege('authenticated', p.oid, 'execute')
order by p.proname
