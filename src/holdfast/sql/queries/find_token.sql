-- API tokens whose id begins or ends so: venture, the text.
select id from holdfast.api_tokens where venture_id = $1 and (id::text like $2 || '%' or id::text like '%' || $2) limit 2
