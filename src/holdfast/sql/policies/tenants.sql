-- Tenants are walls. Reading: row-level security, which asks one stable function of every table. Writing: only the
-- engine's functions write, whoever asks, because only they know the moves; each begins with `enter`.

do $$
declare
    v_table    regclass;
    v_name     text;
    v_tenanted boolean;
begin
    for v_table, v_name, v_tenanted in
        select c.oid::regclass, c.relname, exists (
            select from pg_attribute a where a.attrelid = c.oid and a.attname = 'venture_id')
        from pg_class c
        where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    loop
        execute format('alter table %s enable row level security', v_table);
        execute format('revoke all on %s from public, anon, authenticated, service_role', v_table);
        execute format('grant select on %s to service_role', v_table);
        execute format('drop policy if exists service on %s', v_table);
        execute format('create policy service on %s to service_role using (true) with check (true)', v_table);
        execute format('drop policy if exists tenant on %s', v_table);
        if v_tenanted then
            execute format('grant select on %s to authenticated', v_table);
            execute format('create policy tenant on %s for select to authenticated using (venture_id = any (holdfast.visible_ventures()))',
                v_table);
        end if;
    end loop;
    -- A partition is reached through its parent only.
    for v_table in
        select c.oid::regclass from pg_class c
        where c.relnamespace = 'holdfast'::regnamespace and c.relkind = 'r' and c.relispartition
    loop
        execute format('alter table %s enable row level security', v_table);
        execute format('revoke all on %s from public, anon, authenticated, service_role', v_table);
    end loop;
    for v_table in
        select c.oid::regclass from pg_class c where c.relnamespace = 'holdfast'::regnamespace and c.relkind = 'v'
    loop
        execute format('revoke all on %s from public, anon', v_table);
        execute format('grant select on %s to authenticated, service_role', v_table);
    end loop;
end
$$;

-- The public functions are those that enter a venture or require trust on their own: security definer. The others are
-- their parts, and what row-level security and the views ask is granted besides.
do $$
declare
    v_function regprocedure;
    v_public   boolean;
begin
    for v_function, v_public in
        select p.oid::regprocedure, p.prosecdef or p.proname in ('now', 'request_claims', 'request_user')
        from pg_proc p
        where p.pronamespace = 'holdfast'::regnamespace
    loop
        execute format('revoke all on function %s from public, anon, authenticated, service_role', v_function);
        if v_public then
            execute format('grant execute on function %s to authenticated, service_role', v_function);
        end if;
    end loop;
end
$$;
grant usage on schema holdfast to authenticated, service_role;
revoke all on schema holdfast from public, anon;
