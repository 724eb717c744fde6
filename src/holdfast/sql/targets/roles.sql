-- The statements that make this server's roles on another one, as far as rights and policies name them.
select rolname as name, format('create role %I', rolname) as statement from pg_roles where rolname !~ '^pg_' order by 1
