-- Notes that so many statements $2 of the change $1 are committed, whose checksum is $3.
update holdfast_changes.ledger set done = $2, done_checksum = $3, begun = null,
    finished_at = case when $2 = statements then clock_timestamp() end
where name = $1 returning done, finished_at
