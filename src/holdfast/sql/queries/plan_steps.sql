-- The steps of a plan as they stand, in its order: venture, plan.
select * from holdfast.v_plan_steps where venture_id = $1 and plan_id = $2 order by position, item_index nulls first
