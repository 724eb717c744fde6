-- One plan with its text: venture, id.
select v.*, s.paused_at from holdfast.v_plans v
join holdfast.supervisor_states s on s.venture_id = v.venture_id and s.id = v.supervisor_id
where v.venture_id = $1 and v.id = $2
