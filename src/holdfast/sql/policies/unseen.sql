-- Members read the rows of their venture, but not what lets its bearer write as somebody else: the token of a lease, the
-- incarnation, by which a process is given its session's lease again, the digest of an API token, and the results of
-- earlier writes, which tell of the leases that they took.
do $$
declare
    v_table   regclass;
    v_columns text;
begin
    for v_table, v_columns in
        select c.oid::regclass, string_agg(quote_ident(a.attname), ', ' order by a.attnum) filter (where not s.is_secret)
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        cross join lateral (select a.attname in ('lease_token', 'incarnation')
            or (c.relname, a.attname) in (('api_tokens', 'digest'), ('requests', 'digest'), ('requests', 'result')) as is_secret) s
        where c.relnamespace = 'holdfast'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        group by c.oid
        having bool_or(s.is_secret)
    loop
        execute format('revoke select on %s from authenticated', v_table);
        execute format('grant select (%s) on %s to authenticated', v_columns, v_table);
    end loop;
end
$$;
