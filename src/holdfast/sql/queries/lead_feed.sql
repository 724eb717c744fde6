-- Of all gateways that ask on one database, one tells the others its feed for as long as its connection lasts. Who leads may ask again.
select pg_try_advisory_lock(hashtextextended('holdfast.feed', 0)) as leads
