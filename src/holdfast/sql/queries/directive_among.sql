-- The longest of some keys that is a directive's: venture, the keys.
select sd_key from holdfast.directives where venture_id = $1 and sd_key = any ($2::text[])
order by length(sd_key) desc, sd_key limit 1
