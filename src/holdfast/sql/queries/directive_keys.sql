-- The keys of directives, the newest first, to tell which one a person may have meant: venture.
select sd_key from holdfast.directives where venture_id = $1 order by created_at desc, id desc limit 1000
