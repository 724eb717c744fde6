-- How many rows the tables $1 have, as far as the server knows (null: it was never analysed), and their size on disk.
select sum(nullif(c.reltuples, -1))::bigint as rows, sum(pg_total_relation_size(c.oid))::bigint as bytes
from unnest($1::bigint[]) as r (oid)
cross join lateral (select relid from pg_partition_tree(r.oid::oid::regclass) union select r.oid::oid::regclass) as t (relid)
join pg_class c on c.oid = t.relid
