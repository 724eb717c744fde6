"""What PostgreSQL's catalogue must say of the whole schema, so that a new table or function keeps the rules too."""

from __future__ import annotations

import pytest

from tests.support.sql import connected

_OURS = "relnamespace = 'holdfast'::regnamespace"

# Each query gives what breaks its rule.
RULES = {
    "every table has row-level security": f"""
        select relname from pg_class where {_OURS} and relkind in ('r', 'p') and not relrowsecurity
    """,
    "every view asks with its reader's rights": f"""
        select relname from pg_class
        where {_OURS} and relkind = 'v' and not coalesce('security_invoker=true' = any (reloptions), false)
    """,
    "every primary key starts with venture_id": f"""
        select c.relname from pg_class c
        left join pg_index i on i.indrelid = c.oid and i.indisprimary
        left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where c.{_OURS} and c.relkind in ('r', 'p') and a.attname is distinct from 'venture_id'
            and c.relname not in ('migrations', 'definitions', 'feed_epoch', 'api_tickets', 'api_key')
    """,
    "every foreign key stays within a venture": """
        select conname from pg_constraint k
        where connamespace = 'holdfast'::regnamespace and contype = 'f' and conparentid = 0 and not exists (
            select from pg_attribute a where a.attrelid = k.conrelid and a.attnum = k.conkey[1] and a.attname = 'venture_id')
    """,
    "no triggers on the core path": """
        select tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = 'holdfast'::regnamespace and not tgisinternal
            and tgname <> 'update_auto_proceed_sessions_updated_at'
    """,
    "what runs with the engine's rights has a fixed search_path": """
        select proname from pg_proc
        where pronamespace = 'holdfast'::regnamespace and prosecdef
            and not coalesce('search_path=holdfast, pg_temp' = any (proconfig), false)
    """,
    "what users may call runs with the engine's rights": """
        select proname from pg_proc
        where pronamespace = 'holdfast'::regnamespace and not prosecdef
            and has_function_privilege('authenticated', oid, 'execute')
            and proname not in ('now', 'request_claims', 'request_user')
    """,
    "parameters are named p_…": """
        select proname from pg_proc
        where pronamespace = 'holdfast'::regnamespace and exists (
            select from unnest(proargnames[1:pronargs]) as a (name) where name !~ '^p_')
    """,
    "times have a zone": f"""
        select c.relname || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.{_OURS} and c.relkind in ('r', 'p', 'v') and a.atttypid in ('timestamp'::regtype, 'time'::regtype, 'date'::regtype)
    """,
    "nothing that changes with a beat is indexed": f"""
        select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid
        join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
        where c.{_OURS} and a.attname in ('lease_expires_at', 'heartbeat_at', 'seq', 'progress', 'current_activity', 'log_count')
            and c.relname in ('claude_sessions', 'directive_claims', 'supervisor_states', 'agent_executions')
    """,
    "every table, the ledger's too, says what it is": f"""
        select relname from pg_class
        where {_OURS} and relkind in ('r', 'p', 'v') and not relispartition and obj_description(oid) is null
    """,
}

# An index serves a foreign key if its first columns are the key's, in any order, and it leaves out none of its rows.
_UNINDEXED = """
select k.conname from pg_constraint k
where k.connamespace = 'holdfast'::regnamespace and k.contype = 'f' and k.conparentid = 0 and not exists (
    select from pg_index i
    where i.indrelid = k.conrelid and i.indisvalid
        and array(select unnest(i.indkey[0:cardinality(k.conkey) - 1]) order by 1) = array(select unnest(k.conkey) order by 1)
        and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'))
order by k.conname
"""


@pytest.mark.parametrize("rule", RULES)
async def test_the_whole_schema_keeps_the_rule(holdfast_url: str, rule: str) -> None:
    async with connected(holdfast_url) as connection:
        broken_by = [row[0] for row in await connection.fetch(RULES[rule])]
    assert broken_by == []


async def test_every_foreign_key_has_an_index(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        unindexed = [row[0] for row in await connection.fetch(_UNINDEXED)]
    assert unindexed == []
