-- Names in definitions are compared as text: they must not depend on who looks.
select set_config('search_path', 'pg_catalog', true)
