-- Plans, newest first: venture, how many.
select * from holdfast.v_plans where venture_id = $1 order by created_at desc, id desc limit $2
