-- Of all who ask on one database, one rings the pointers for as long as its connection lasts.
select pg_try_advisory_lock(hashtextextended('holdfast.pointers', 0)) as leads
