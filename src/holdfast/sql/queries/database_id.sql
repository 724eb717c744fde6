-- What tells this database from the others of its server, which may be copies of it.
select oid::bigint as id from pg_database where datname = current_database()
