-- Who follows the feed. A gateway says from time to time all that it serves; nothing rests on it but looking.

-- Keeps what a gateway serves now, forgets what it served before, and forgets gateways that are gone.
create function holdfast.report_subscriptions(p_gateway_id uuid, p_subscriptions jsonb) returns integer
language plpgsql security definer set search_path = holdfast, pg_temp as $$
declare
    v_now   timestamptz := holdfast.now();
    v_count integer;
begin
    perform require_trusted('report subscriptions');
    if jsonb_typeof(p_subscriptions) is distinct from 'array' or jsonb_array_length(p_subscriptions) > 10000 then
        perform refuse('HF005', 'subscriptions is not an array of at most 10000.', 'Report the newest of them.');
    end if;
    delete from active_subscriptions a where (a.venture_id, a.id) in (
        select o.venture_id, o.id from active_subscriptions o
        where (o.gateway_id = p_gateway_id and not exists (
                select from jsonb_array_elements(p_subscriptions) as s where (s.value ->> 'id')::uuid = o.id))
            or o.seen_at < v_now - interval '3 minutes'
        limit 10000 for update skip locked);
    insert into active_subscriptions (venture_id, id, gateway_id, user_id, transport, scope, created_at, seen_at)
    select s.venture_id, s.id, p_gateway_id, s.user_id, s.transport, s.scope, least(s.created_at, v_now), v_now
    from jsonb_to_recordset(p_subscriptions) as s (venture_id uuid, id uuid, user_id text, transport text, scope jsonb,
        created_at timestamptz)
    where exists (select from ventures v where v.venture_id = s.venture_id)
    order by s.venture_id, s.id
    on conflict (venture_id, id) do update set seen_at = excluded.seen_at;
    get diagnostics v_count = row_count;
    return v_count;
end
$$;
