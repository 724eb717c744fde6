-- The ventures that the caller sees, with the caller's role in each.
select v.venture_id, v.slug, v.name, (
    select max(r.role) from unnest(enum_range(null::holdfast.member_role)) as r (role)
    where v.venture_id = any (holdfast.ventures_with(r.role)))::text as role
from holdfast.ventures v
order by v.slug limit 1000
