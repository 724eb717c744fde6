-- The changes of the ledger, or the one that $1 names.
select name, checksum, statements, done, done_checksum, begun, how, applied_by, started_at, finished_at
from holdfast_changes.ledger where $1::text is null or name = $1 order by started_at, name
