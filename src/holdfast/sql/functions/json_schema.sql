-- The part of JSON Schema that answers are checked by. What is not of this part is refused when the question is asked, so that
-- no condition is ever passed over in silence.

create function holdfast.schema_keywords() returns text[]
language sql immutable parallel safe as $$
    select array['type', 'enum', 'const', 'properties', 'required', 'additionalProperties', 'items', 'minItems', 'maxItems',
        'uniqueItems', 'minLength', 'maxLength', 'pattern', 'format', 'minimum', 'maximum', 'exclusiveMinimum',
        'exclusiveMaximum', 'multipleOf', 'allOf', 'anyOf', 'oneOf', 'not',
        -- these say something to people only
        '$schema', '$id', '$comment', 'title', 'description', 'default', 'examples', 'enumNames']
$$;

create function holdfast.schema_formats() returns text[]
language sql immutable parallel safe as $$
    select array['email', 'date', 'date-time', 'uri', 'uuid']
$$;

-- What is wrong with a schema; nothing: it can be checked by.
create function holdfast.schema_fault(p_schema jsonb, p_path text default 'schema') returns text
language plpgsql immutable parallel safe as $$
declare
    v_keyword text;
    v_value   jsonb;
    v_fault   text;
begin
    if jsonb_typeof(p_schema) = 'boolean' then
        return null;
    elsif jsonb_typeof(p_schema) is distinct from 'object' then
        return format('%s = %s is not an object.', p_path, left(p_schema::text, 80));
    elsif array_length(string_to_array(p_path, '.'), 1) > 20 then
        return format('%s is nested more than 20 deep.', left(p_path, 200));
    end if;
    for v_keyword, v_value in select * from jsonb_each(p_schema) loop
        if not v_keyword = any (schema_keywords()) then
            return format('%s has the keyword %s, which is not checked here.', p_path, v_keyword);
        end if;
        v_fault := keyword_fault(v_keyword, v_value, p_path || '.' || v_keyword);
        exit when v_fault is not null;
    end loop;
    return v_fault;
end
$$;

create function holdfast.keyword_fault(p_keyword text, p_value jsonb, p_path text) returns text
language plpgsql immutable parallel safe as $$
declare
    v_kind text := jsonb_typeof(p_value);
begin
    case
        when p_keyword = 'type' then
            if not (case v_kind when 'string' then jsonb_build_array(p_value) when 'array' then p_value else '[0]' end
                <@ '["string", "number", "integer", "boolean", "array", "object", "null"]') then
                return format('%s = %s is no type.', p_path, p_value);
            end if;
        when p_keyword in ('enum', 'required', 'allOf', 'anyOf', 'oneOf') and v_kind <> 'array'
            or p_keyword = 'properties' and v_kind <> 'object'
            or p_keyword in ('minItems', 'maxItems', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum',
                'exclusiveMaximum', 'multipleOf') and v_kind <> 'number'
            or p_keyword in ('pattern', 'format') and v_kind <> 'string' or p_keyword = 'uniqueItems' and v_kind <> 'boolean'
        then
            return format('%s = %s is of the wrong type.', p_path, left(p_value::text, 80));
        when p_keyword = 'multipleOf' and p_value <= '0' then
            return format('%s = %s is not greater than 0.', p_path, p_value);
        when p_keyword = 'format' and not p_value #>> '{}' = any (schema_formats()) then
            return format('%s = %s is not one of %s.', p_path, p_value, array_to_string(schema_formats(), ', '));
        when p_keyword = 'pattern' then
            return pattern_fault(p_value #>> '{}', p_path);
        when p_keyword in ('items', 'additionalProperties', 'not') then
            return schema_fault(p_value, p_path);
        when p_keyword = 'properties' then
            return (select f.fault from jsonb_each(p_value) as e,
                schema_fault(e.value, p_path || '.' || e.key) as f (fault) where f.fault is not null limit 1);
        when p_keyword in ('allOf', 'anyOf', 'oneOf') then
            return (select f.fault from jsonb_array_elements(p_value) with ordinality as e,
                schema_fault(e.value, p_path || '.' || e.ordinality) as f (fault) where f.fault is not null limit 1);
        else null;
    end case;
    return null;
end
$$;

create function holdfast.pattern_fault(p_pattern text, p_path text) returns text
language plpgsql immutable parallel safe as $$
begin
    if length(p_pattern) > 500 then
        return format('%s has %s characters; the limit is 500.', p_path, length(p_pattern));
    end if;
    perform '' ~ p_pattern;
    return null;
exception when invalid_regular_expression then
    return format('%s = %s is no regular expression.', p_path, left(p_pattern, 80));
end
$$;

-- Where a value is not as its schema says; nothing: it is.
create function holdfast.value_fault(p_value jsonb, p_schema jsonb, p_path text default 'answer') returns text
language plpgsql immutable parallel safe as $$
declare
    v_kind text := jsonb_typeof(p_value);
    v_fault text;
begin
    if jsonb_typeof(p_schema) = 'boolean' then
        return case when not p_schema::boolean then format('%s is not expected.', p_path) end;
    elsif p_schema ? 'type' and not is_of_type(p_value, p_schema -> 'type') then
        return format('%s = %s is not of the type %s.', p_path, left(p_value::text, 80), told_types(p_schema -> 'type'));
    elsif p_schema ? 'enum' and not exists (select from jsonb_array_elements(p_schema -> 'enum') as e where e.value = p_value) then
        return format('%s = %s is not one of %s.', p_path, left(p_value::text, 80), left((p_schema -> 'enum')::text, 500));
    elsif p_schema ? 'const' and p_schema -> 'const' <> p_value then
        return format('%s = %s is not %s.', p_path, left(p_value::text, 80), left((p_schema -> 'const')::text, 80));
    end if;
    v_fault := case v_kind
        when 'string' then text_fault(p_value #>> '{}', p_schema, p_path)
        when 'number' then number_fault(p_value, p_schema, p_path)
        when 'array' then array_fault(p_value, p_schema, p_path)
        when 'object' then object_fault(p_value, p_schema, p_path) end;
    return coalesce(v_fault, combination_fault(p_value, p_schema, p_path));
end
$$;

create function holdfast.is_of_type(p_value jsonb, p_types jsonb) returns boolean
language sql immutable parallel safe as $$
    select exists (
        select from jsonb_array_elements_text(case jsonb_typeof(p_types) when 'array' then p_types
            else jsonb_build_array(p_types) end) as t
        where case t when 'integer' then jsonb_typeof(p_value) = 'number' and (p_value::numeric) % 1 = 0
            else t = jsonb_typeof(p_value) end)
$$;

create function holdfast.told_types(p_types jsonb) returns text
language sql immutable parallel safe as $$
    select case jsonb_typeof(p_types) when 'array'
        then (select string_agg(t, ' or ') from jsonb_array_elements_text(p_types) as t) else p_types #>> '{}' end
$$;

create function holdfast.text_fault(p_text text, p_schema jsonb, p_path text) returns text
language sql immutable parallel safe as $$
    select case
        when length(p_text) < (p_schema ->> 'minLength')::numeric
            then format('%s has %s characters; at least %s are expected.', p_path, length(p_text), p_schema ->> 'minLength')
        when length(p_text) > (p_schema ->> 'maxLength')::numeric
            then format('%s has %s characters; at most %s are expected.', p_path, length(p_text), p_schema ->> 'maxLength')
        when p_text !~ (p_schema ->> 'pattern')
            then format('%s = %s does not match %s.', p_path, left(p_text, 80), p_schema ->> 'pattern')
        when not holdfast.is_of_format(p_text, p_schema ->> 'format')
            then format('%s = %s is no %s.', p_path, left(p_text, 80), p_schema ->> 'format') end
$$;

create function holdfast.is_of_format(p_text text, p_format text) returns boolean
language plpgsql immutable parallel safe as $$
begin
    case p_format
        when 'email' then return p_text ~ '^[^@\s]+@[^@\s]+\.[^@\s.]+$';
        when 'uri' then return p_text ~ '^[A-Za-z][A-Za-z0-9+.-]*:\S+$';
        when 'uuid' then return p_text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
        when 'date' then
            perform make_date(m[1]::integer, m[2]::integer, m[3]::integer)
            from regexp_match(p_text, '^(\d{4})-(\d{2})-(\d{2})$') as m where m is not null;
            return found;
        when 'date-time' then
            perform make_date(m[1]::integer, m[2]::integer, m[3]::integer), make_time(m[4]::integer, m[5]::integer, m[6]::integer)
            from regexp_match(p_text,
                '^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$') as m where m is not null;
            return found;
        else return true;
    end case;
exception when datetime_field_overflow then
    return false;
end
$$;

create function holdfast.number_fault(p_value jsonb, p_schema jsonb, p_path text) returns text
language sql immutable parallel safe as $$
    select case
        when p_value < p_schema -> 'minimum' then format('%s = %s is less than %s.', p_path, p_value, p_schema -> 'minimum')
        when p_value > p_schema -> 'maximum' then format('%s = %s is greater than %s.', p_path, p_value, p_schema -> 'maximum')
        when p_value <= p_schema -> 'exclusiveMinimum'
            then format('%s = %s is not greater than %s.', p_path, p_value, p_schema -> 'exclusiveMinimum')
        when p_value >= p_schema -> 'exclusiveMaximum'
            then format('%s = %s is not less than %s.', p_path, p_value, p_schema -> 'exclusiveMaximum')
        when p_value::numeric % (p_schema -> 'multipleOf')::numeric <> 0
            then format('%s = %s is no multiple of %s.', p_path, p_value, p_schema -> 'multipleOf') end
$$;

create function holdfast.array_fault(p_value jsonb, p_schema jsonb, p_path text) returns text
language plpgsql immutable parallel safe as $$
declare
    v_length integer := jsonb_array_length(p_value);
begin
    if v_length < (p_schema ->> 'minItems')::numeric or v_length > (p_schema ->> 'maxItems')::numeric then
        return format('%s has %s items; %s are expected.', p_path, v_length,
            concat_ws(' and ', 'at least ' || (p_schema ->> 'minItems'), 'at most ' || (p_schema ->> 'maxItems')));
    elsif (p_schema -> 'uniqueItems')::boolean
        and (select count(distinct e.value) from jsonb_array_elements(p_value) as e) < v_length then
        return format('%s has an item twice.', p_path);
    elsif not p_schema ? 'items' then
        return null;
    end if;
    return (select f.fault from jsonb_array_elements(p_value) with ordinality as e,
        value_fault(e.value, p_schema -> 'items', format('%s[%s]', p_path, e.ordinality - 1)) as f (fault)
        where f.fault is not null limit 1);
end
$$;

create function holdfast.object_fault(p_value jsonb, p_schema jsonb, p_path text) returns text
language plpgsql immutable parallel safe as $$
declare
    v_known   jsonb := coalesce(p_schema -> 'properties', '{}');
    v_missing text;
begin
    select r into v_missing from jsonb_array_elements_text(p_schema -> 'required') as r where not p_value ? r limit 1;
    if found then
        return format('%s.%s is missing.', p_path, v_missing);
    end if;
    return (select f.fault from jsonb_each(p_value) as e,
        value_fault(e.value, coalesce(v_known -> e.key, p_schema -> 'additionalProperties', 'true'), p_path || '.' || e.key)
            as f (fault)
        where f.fault is not null limit 1);
end
$$;

create function holdfast.combination_fault(p_value jsonb, p_schema jsonb, p_path text) returns text
language plpgsql immutable parallel safe as $$
declare
    v_fault text;
    v_fits  integer;
begin
    select f.fault into v_fault from jsonb_array_elements(p_schema -> 'allOf') as e,
        value_fault(p_value, e.value, p_path) as f (fault) where f.fault is not null limit 1;
    if v_fault is not null then
        return v_fault;
    elsif p_schema ? 'not' and value_fault(p_value, p_schema -> 'not', p_path) is null then
        return format('%s = %s is what it must not be.', p_path, left(p_value::text, 80));
    elsif p_schema ? 'anyOf' and fitting(p_value, p_schema -> 'anyOf') = 0 then
        return format('%s = %s fits none of what it may be.', p_path, left(p_value::text, 80));
    elsif p_schema ? 'oneOf' then
        v_fits := fitting(p_value, p_schema -> 'oneOf');
        return case when v_fits <> 1
            then format('%s = %s fits %s of what it may be; exactly one is expected.', p_path, left(p_value::text, 80), v_fits) end;
    end if;
    return null;
end
$$;

-- How many of some schemas a value fits.
create function holdfast.fitting(p_value jsonb, p_schemas jsonb) returns integer
language sql immutable parallel safe as $$
    select count(*)::integer from jsonb_array_elements(p_schemas) as e where holdfast.value_fault(p_value, e.value) is null
$$;
