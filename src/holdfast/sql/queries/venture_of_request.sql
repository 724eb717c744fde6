-- The venture that a request means: the one it names by slug or id, else the only one it sees, else the default: named or null, the default's slug.
select v.venture_id
from (select venture_id, slug, count(*) over () as seen from holdfast.ventures) as v
where case when $1::text is null then v.seen = 1 or v.slug = $2::text
    else v.slug = $1 or v.venture_id::text = lower($1) end
order by v.slug = $2 desc limit 1
