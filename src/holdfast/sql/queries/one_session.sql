-- One session: venture, its id or its own name.
select * from holdfast.v_sessions where venture_id = $1 and (id::text = $2 or session_id = $2)
order by session_id = $2 desc limit 1
