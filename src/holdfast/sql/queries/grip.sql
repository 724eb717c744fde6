-- When the work of an execution was taken hold of, lost and ended, in order: venture, execution.
select type, time, actor, data from holdfast.events
where venture_id = $1 and stream = 'execution' and stream_id = $2
    and type in ('execution.started', 'execution.restarted', 'execution.interrupted', 'execution.released',
        'execution.completed', 'execution.failed', 'execution.cancelled')
order by seq limit 200
