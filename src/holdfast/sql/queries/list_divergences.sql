-- Where a session's files, its branch and the database differed, seen last first: venture, session, how many.
select kind, here, truth, repaired, problem, times, first_at, last_at from holdfast.session_divergences
where venture_id = $1 and session_id = $2 order by last_at desc, kind, here, truth limit $3
