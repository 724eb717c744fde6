-- Who follows the feed of a venture, newest first: venture, how many at most.
select id, gateway_id, user_id, transport, scope, created_at, seen_at
from holdfast.active_subscriptions where venture_id = $1
order by created_at desc, id
limit $2
