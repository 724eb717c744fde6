-- One execution as it stands: venture, id.
select * from holdfast.v_executions where venture_id = $1 and id = $2
