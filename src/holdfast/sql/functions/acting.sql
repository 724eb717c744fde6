-- Calls for a user.

-- Runs a statement of the engine's as a request: its role and claims hold until the transaction ends. It is planned only
-- here, after the role is set, because row-level security is part of a plan. The statement takes its arguments out of
-- one array of text and casts them itself; the columns are what the caller says.
create function holdfast.act(p_role text, p_claims text, p_statement text, p_arguments text[]) returns setof record
language plpgsql as $$
begin
    perform set_config('request.jwt.claims', p_claims, true);
    perform set_config('role', p_role, true);
    return query execute p_statement using p_arguments;
end
$$;

-- A type's name that means the same whoever reads it, whatever the search path.
create function holdfast.type_name(p_type oid) returns text
language sql stable set search_path = pg_catalog as $$
    select format_type(p_type, null)
$$;
