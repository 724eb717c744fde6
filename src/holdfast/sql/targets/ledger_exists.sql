-- Whether there is a ledger that this role may read.
select to_regclass('holdfast_changes.ledger') is not null as is_there
