-- One plan with its text: venture, id.
select * from holdfast.v_plans where venture_id = $1 and id = $2
