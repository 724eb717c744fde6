-- The statement that makes the database $1, where there is none.
select format('create database %I', $1::text) as statement
where not exists (select from pg_database where datname = $1)
