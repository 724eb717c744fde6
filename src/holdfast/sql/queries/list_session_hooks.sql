-- A session's hooks, by name: venture, session, the name after which it begins, how many.
select hook, runs, refusals, failures, seconds, longest, last_at from holdfast.session_hooks
where venture_id = $1 and session_id = $2 and ($3::text is null or hook > $3) order by hook limit $4
