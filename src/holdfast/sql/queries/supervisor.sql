-- One supervisor as it stands: venture, id.
select * from holdfast.v_supervisors where venture_id = $1 and id = $2
