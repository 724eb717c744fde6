-- What a session's metadata and its venture's settings say of auto-proceed: venture, the session's own name.
select 'session metadata' as source, s.metadata as settings
from holdfast.claude_sessions s where s.venture_id = $1 and s.session_id = $2
union all
select 'venture settings', v.settings from holdfast.ventures v where v.venture_id = $1
