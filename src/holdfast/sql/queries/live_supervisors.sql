-- Supervisors that are not over and run no plan, oldest first: venture, how many.
select * from holdfast.v_supervisors
where venture_id = $1 and ended_at is null and handler is distinct from 'plan'
order by created_at limit $2
