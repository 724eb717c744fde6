-- Drops what is defined anew each time its text changes. Tables and their rows are never touched.
do $$
declare
    v_drop text;
begin
    for v_drop in
        select format('drop policy %I on %I.%I', policyname, schemaname, tablename) from pg_policies where schemaname = 'holdfast'
    loop
        execute v_drop;
    end loop;
    -- Named before the first is dropped: what went with another has no name any more.
    foreach v_drop in array array(
        select format('drop view if exists %s cascade', oid::regclass) from pg_class
        where relnamespace = 'holdfast'::regnamespace and relkind = 'v')
    loop
        execute v_drop;
    end loop;
    foreach v_drop in array array(
        select format('drop function if exists %s cascade', oid::regprocedure) from pg_proc
        where pronamespace = 'holdfast'::regnamespace)
    loop
        execute v_drop;
    end loop;
end
$$;
