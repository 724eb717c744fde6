-- The first items of a run, from a place on: venture, conversation, run, how long the list is, the place, how many.
select place, content from holdfast.items_of_run($2, $3, $4, $1) where place >= $5 order by place limit $6
