-- One supervisor with all that it has: venture, id.
select v.*, s.priority, cardinality(v.spawned_task_ids) as spawned_tasks,
    (select count(*) from holdfast.questions q
        where q.venture_id = v.venture_id and q.supervisor_id = v.id and q.status = 'open') as open_questions
from holdfast.v_supervisors v
join holdfast.supervisor_states s on s.venture_id = v.venture_id and s.id = v.id
where v.venture_id = $1 and v.id = $2
