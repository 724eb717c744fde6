-- What makes a walk pause before a directive: a person has to decide, or there is a danger.

-- Flags a directive, or takes the flag off again where nothing is said. Whoever works may raise one; only an operator
-- takes one off.
create function holdfast.flag_directive(
    p_sd_key text, p_flag text, p_says text default null, p_venture_id uuid default null)
returns bigint
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_venture   uuid := enter(p_venture_id, case when nullif(trim(p_says), '') is null then 'operator' else 'agent' end::member_role);
    v_directive directives := require_directive(v_venture, p_sd_key);
    v_seq       bigint;
begin
    if p_flag is null or p_flag not in ('human_decision', 'security', 'data_loss') then
        perform refuse('HF005', format('flag = %s is none that a walk knows.', p_flag), 'Known: human_decision, security, data_loss.',
            jsonb_build_object('flag', p_flag));
    end if;
    update directives set seq = seq + 1, metadata = case when nullif(trim(p_says), '') is null then metadata - p_flag
        else metadata || jsonb_build_object(p_flag, p_says) end
    where venture_id = v_venture and id = v_directive.id returning seq into v_seq;
    perform emit(v_venture, 'directive', v_directive.id, v_seq, 'directive.flagged', jsonb_build_object(
        'sd_key', p_sd_key, 'flag', p_flag, 'says', nullif(trim(p_says), '')));
    return v_seq;
end
$$;
