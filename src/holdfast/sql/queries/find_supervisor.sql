-- The supervisors whose id ends or begins with a text: venture, text.
select id from holdfast.supervisor_states
where venture_id = $1 and (id::text like $2 || '%' or id::text like '%' || $2) limit 2
