-- The statements that compare one side, the table $1: by its keys $2 ({name, order: plain | c | text, bound}), of the columns
-- $3 ({name, shown, as}), in the rows where $4. A range lies above the key $1 and reaches up to the key $2 (null: no end).
with keys as (
    select k.place, case k.key ->> 'order' when 'text' then format('%I::text collate "C"', k.key ->> 'name')
        when 'c' then format('%I collate "C"', k.key ->> 'name') else format('%I', k.key ->> 'name') end as expression,
        format('%I', k.key ->> 'name') as name, k.key ->> 'bound' as bound
    from jsonb_array_elements($2::jsonb) with ordinality as k (key, place)
),
parts as (
    select string_agg(expression, ', ' order by place) as keys,
        string_agg(name || '::text', ', ' order by place) as texts,
        string_agg(format('($1::text[])[%s]::%s', place, bound), ', ' order by place) as low,
        string_agg(format('($2::text[])[%s]::%s', place, bound), ', ' order by place) as high,
        string_agg(name || ' is not null', ' and ' order by place) as present,
        string_agg(format('%s is not distinct from ($1::text[])[%s]::%s', expression, place, bound), ' and ' order by place) as same
    from keys
),
-- Values that are equal become the same text: a number's trailing zeros and the spelling of JSON say nothing.
columns as (
    select string_agg(c.text, ', ' order by c.place) as texts, string_agg(format('%s as %I', c.text, c.shown), ', ' order by c.place) as shown
    from (
        select c.place, c.column ->> 'shown' as shown, case
            when c.column ->> 'as' in ('numeric') then format('trim_scale(%I::numeric)::text', c.column ->> 'name')
            when c.column ->> 'as' in ('json') then format('%I::jsonb::text', c.column ->> 'name')
            else format('%I::%s::text', c.column ->> 'name', c.column ->> 'as') end as text
        from jsonb_array_elements($3::jsonb) with ordinality as c ("column", place)) as c
),
built as (
    select p.*, c.shown, format('md5(row(%s)::text)', concat_ws(', ', p.texts, c.texts)) as digest,
        format('(select * from %s where %s) as x', r.name, coalesce('(' || $4::text || ')', 'true')) as rows_of,
        format('%s and ($1::text[] is null or (%s) > (%s)) and ($2::text[] is null or (%s) <= (%s))',
            p.present, p.keys, p.low, p.keys, p.high) as range
    from parts p cross join columns c
    cross join (select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.oid = $1::bigint::oid) as r
)
select format('select count(*) as rows from %s', rows_of) as count,
    format('select count(*) as rows, count(distinct (%s)) as keys from %s where %s', texts, rows_of, present) as distinct_keys,
    format('select array[%s] as key from (select x.*, row_number() over (order by %s) as number_ from %s where %s) as x'
        ' where number_ %% $1::bigint = 0 order by %s', texts, keys, rows_of, present, keys) as bounds,
    format('select count(*) as rows, coalesce(sum((''x'' || left(d, 16))::bit(64)::bigint::numeric), 0)::text || '':'''
        ' || coalesce(sum((''x'' || right(d, 16))::bit(64)::bigint::numeric), 0)::text as digest'
        ' from (select %s as d from %s where %s) as s', digest, rows_of, range) as range,
    format('select array[%s] as key from %s where %s order by %s offset $3::bigint limit 1', texts, rows_of, range, keys) as middle,
    format('select array[%s] as key, %s as digest from %s where %s', texts, digest, rows_of, range) as rows,
    format('select array[%s] as key, %s as digest from %s where not (%s) limit $1::bigint', texts, digest, rows_of, present) as rows_with_nulls,
    format('select to_jsonb(s) as row from (select %s from %s where %s) as s limit 1', coalesce(shown, texts), rows_of, same) as row,
    format('select %s from %s', keys, rows_of) as all_keys
from built
