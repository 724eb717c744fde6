-- The restorations of a supervisor: venture, supervisor.
select * from holdfast.v_restorations where venture_id = $1 and supervisor_id = $2 order by number
