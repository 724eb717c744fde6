-- Calls that come over a network, where an answer may be lost and the call sent again.

-- Runs a statement as `act` does, once for each key: the key, the rows that it gave and all it changed are one transaction.
-- The same key again gives the same rows. The columns are named c0, c1 … and their types are in p_columns.
create function holdfast.act_once(
    p_role text, p_claims text, p_statement text, p_arguments text[], p_key text, p_function text, p_columns text,
    p_venture_id uuid)
returns setof record
language plpgsql as $$
declare
    v_rows    jsonb;
    v_venture uuid;
    v_user    text;
begin
    perform set_config('request.jwt.claims', p_claims, true);
    v_user := coalesce(holdfast.request_user(), '');
    v_venture := coalesce(p_venture_id, holdfast.request_venture());
    v_rows := holdfast.recorded_result(v_venture, v_user, p_key, p_function,
        sha256(convert_to(p_statement || p_arguments::text, 'UTF8')));
    if v_rows is null then
        perform set_config('role', p_role, true);
        execute format('select coalesce(jsonb_agg(to_jsonb(q)), ''[]'') from (%s) as q', p_statement)
            into v_rows using p_arguments;
        perform set_config('role', 'none', true);
        update holdfast.requests set result = case when pg_column_size(v_rows) <= 1000000 then v_rows else '"too large"' end
        where venture_id = v_venture and user_id = v_user and key = p_key;
    elsif jsonb_typeof(v_rows) = 'string' then
        perform holdfast.refuse('HF006', format('The call %s of %s was made, and its answer is too large to be kept for a second time.',
            p_key, p_function), 'Read the state.');
    end if;
    return query execute format('select * from jsonb_to_recordset($1) as r(%s)', p_columns) using v_rows;
end
$$;
