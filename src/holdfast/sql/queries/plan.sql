-- One plan as it stands: venture, id.
select * from holdfast.v_plans where venture_id = $1 and id = $2
