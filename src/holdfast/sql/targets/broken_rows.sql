-- The statements that count the rows of the table $1 from $3 where $4 holds, and that show some of them: their keys, or where
-- they lie in a table without one, and the columns $2.
with keys as (
    select i.indkey from pg_index i where i.indrelid = $1::bigint::oid and i.indisprimary
),
shown as (
    select format('%L, %I', a.attname, a.attname) as pair, is_key, a.attnum
    from pg_attribute a cross join lateral (select exists (select from keys k where a.attnum = any (k.indkey)) as is_key) k
    where a.attrelid = $1::bigint::oid and a.attnum > 0 and not a.attisdropped
        and (k.is_key or a.attnum = any ($2::int2[]) or 0 = any ($2::int2[]))
    union all
    select '''ctid'', ctid::text', true, 0 where not exists (select from keys)
),
first as (
    select pair, is_key, attnum from shown order by is_key desc, attnum limit 20
)
select format('select count(*) from %s where %s', $3::text, $4::text) as count,
    format('select jsonb_build_object(%s) as row from %s where %s limit $1', string_agg(pair, ', ' order by is_key desc, attnum), $3, $4) as sample
from first
