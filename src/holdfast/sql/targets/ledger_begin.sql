-- Begins the change $1 with the checksum $2 and so many statements $3, or goes on with it.
insert into holdfast_changes.ledger (name, checksum, statements, how) values ($1, $2, $3, 'directly')
on conflict (name) do update set checksum = excluded.checksum, statements = excluded.statements
where holdfast_changes.ledger.finished_at is null
returning done
