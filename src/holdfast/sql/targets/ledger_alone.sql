-- Notes that the statement $2 of the change $1 begins, outside of a transaction.
update holdfast_changes.ledger set begun = $2 where name = $1 returning name
