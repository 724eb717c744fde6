-- The change {name}, to paste into an SQL editor as it is: one transaction, without CONCURRENTLY, so indexes are built while
-- nobody writes to their tables. Its twin for direct connections: holdfast change script --direct
-- SHA-256 of the file: {checksum}
begin;
set local lock_timeout = '3s';
set local statement_timeout = '5min';

{ledger}

do $holdfast$
begin
    if exists (select from holdfast_changes.ledger where name = '{name}') then
        raise exception 'The change {name} was applied to this database, or begun, already.'
            using hint = 'See holdfast_changes.ledger.';
    end if;
end
$holdfast$;

{statements}

insert into holdfast_changes.ledger (name, checksum, statements, done, how, finished_at)
values ('{name}', '{checksum}', {count}, {count}, 'by hand', clock_timestamp());
commit;
