-- The newest event of a stream before a moment that is no reaper's: venture, stream, moment.
select time from holdfast.events
where venture_id = $1 and stream_id = $2 and time < $3 and type not in ('supervisor.interrupted', 'supervisor.restored')
order by seq desc limit 1
