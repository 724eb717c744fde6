-- What each object of the schema says now, as one digest each.
select coalesce(jsonb_object_agg(o.name, md5(o.definition)), '{}') as fingerprint
from (
    select 'function ' || p.oid::regprocedure::text, concat_ws(' ', p.prosrc, p.prosecdef, p.provolatile, p.proisstrict,
        p.proconfig, p.proacl, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))
    from pg_proc p where p.pronamespace = 'holdfast'::regnamespace
    union all
    select 'view ' || c.relname, concat_ws(' ', pg_get_viewdef(c.oid), c.reloptions, c.relacl)
    from pg_class c where c.relnamespace = 'holdfast'::regnamespace and c.relkind = 'v'
    union all
    select format('policy %s on %s', p.policyname, p.tablename), concat_ws(' ', p.roles, p.cmd, p.qual, p.with_check)
    from pg_policies p where p.schemaname = 'holdfast'
    union all
    select 'table ' || c.relname, concat_ws(' ', c.relrowsecurity, c.reloptions, c.relacl, (
        select string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ', '
            order by a.attnum)
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped))
    from pg_class c where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    union all
    select format('constraint %s on %s', n.conname, c.relname), pg_get_constraintdef(n.oid)
    from pg_constraint n join pg_class c on c.oid = n.conrelid
    where c.relnamespace = 'holdfast'::regnamespace and not c.relispartition and n.contype <> 'n' and n.conname !~ '_fkey\d+$'
    union all
    select format('index %s on %s', i.relname, t.relname), concat_ws(' ', pg_get_indexdef(x.indexrelid), x.indisvalid)
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    where t.relnamespace = 'holdfast'::regnamespace and not t.relispartition
    union all
    select 'type ' || t.typname, (select string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)
    from pg_type t where t.typnamespace = 'holdfast'::regnamespace and t.typtype = 'e'
    union all
    select 'domain ' || t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), (
        select string_agg(concat_ws(' ', n.conname, pg_get_constraintdef(n.oid)), ', ' order by n.conname)
        from pg_constraint n where n.contypid = t.oid))
    from pg_type t where t.typnamespace = 'holdfast'::regnamespace and t.typtype = 'd'
    union all
    select 'trigger ' || t.tgname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'holdfast'::regnamespace and not t.tgisinternal
) as o (name, definition)
