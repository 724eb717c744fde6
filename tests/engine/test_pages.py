"""Pages of lists cost what a page costs, also where there are many rows, and as a user sees them."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any
from uuid import RFC_4122, UUID

import pytest

from holdfast.engine import texts
from tests.support.callers import asking, member
from tests.support.sql import call_value, connected

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

VENTURE = "00000000-0000-7000-8000-000000000000"
ROWS = 20_000
PAGE = 50
# Far below what reading all rows takes; a page of rows with their neighbours is some hundreds.
MOST_BLOCKS = 1_500

# Few have the state that is asked for, or every filter would be fast.
_FILL = f"""
set session_replication_role = replica;  -- nobody looks whether neighbours exist
insert into holdfast.claude_sessions (venture_id, id, session_id, state, agent, created_at, ended_at)
select '{VENTURE}', holdfast.uuid7(), 's' || i, case when i % 1000 = 0 then 'idle' else 'ended' end::holdfast.session_state,
    'claude', now(), case when i % 1000 <> 0 then now() end from generate_series(1, {ROWS}) as i;
insert into holdfast.directives (venture_id, id, sd_key, title, status, phase, created_at, started_at, ended_at)
select '{VENTURE}', holdfast.uuid7(), 'SD-' || i, 't' || i, case when i % 1000 = 0 then 'active' else 'completed' end::holdfast.directive_status,
    'EXEC', now(), now(), case when i % 1000 <> 0 then now() end from generate_series(1, {ROWS}) as i;
insert into holdfast.agent_executions (venture_id, id, name, agent, status, run_at, created_at, started_at, ended_at, session_id)
select '{VENTURE}', holdfast.uuid7(), 'e' || i, case when i % 1000 = 0 then 'codex' else 'claude' end,
    case when i % 1000 = 0 then 'running' else 'completed' end::holdfast.execution_status, now(), now(), now(),
    case when i % 1000 <> 0 then now() end, (select id from holdfast.claude_sessions where venture_id = '{VENTURE}' and session_id = 's' || (i % 5000 + 1))
from generate_series(1, {ROWS}) as i;
insert into holdfast.supervisor_states (venture_id, id, name, state, created_at, started_at, ended_at)
select '{VENTURE}', holdfast.uuid7(), 'v' || i, case when i % 1000 = 0 then 'working' else 'completed' end::holdfast.supervisor_state,
    now(), now(), case when i % 1000 <> 0 then now() end from generate_series(1, {ROWS}) as i;
insert into holdfast.questions (venture_id, id, supervisor_id, message, status, created_at, closed_at)
select '{VENTURE}', holdfast.uuid7(), s.id, 'm', case when s.ended_at is null then 'open' else 'withdrawn' end::holdfast.question_status,
    now(), s.ended_at from holdfast.supervisor_states s;
insert into holdfast.events (venture_id, stream, stream_id, seq, xid, type, time, data)
select '{VENTURE}', 'directive', d.id, n, pg_current_xact_id(), case when n = 1 then 'directive.claimed' else 'directive.released' end,
    now() + n * interval '1 second', jsonb_build_object('session_id', 's' || right(d.sd_key, 3))
from holdfast.directives d cross join generate_series(1, 2) as n;
analyze holdfast.claude_sessions, holdfast.directives, holdfast.agent_executions, holdfast.supervisor_states, holdfast.questions, holdfast.events;
"""

PAGES: dict[str, tuple[Any, ...]] = {
    "list_sessions": (VENTURE, None, PAGE, None, None, None, False),
    "list_sessions open": (VENTURE, None, PAGE, None, None, None, True),
    "list_executions": (VENTURE, None, PAGE, *[None] * 6, False, False),
    "list_executions running": (VENTURE, None, PAGE, "running", *[None] * 5, False, False),
    "list_executions failed": (VENTURE, None, PAGE, "failed", *[None] * 5, False, False),
    "list_executions codex": (VENTURE, None, PAGE, *[None] * 4, "codex", None, False, False),
    "list_executions open": (VENTURE, None, PAGE, *[None] * 6, True, False),
    "list_supervisors": (VENTURE, None, PAGE, None, None, None, False),
    "list_supervisors open": (VENTURE, None, PAGE, None, None, None, True),
    "list_directives": (VENTURE, None, PAGE, None, None, None, False),
    "list_directives active": (VENTURE, None, PAGE, "active", None, None, False),
    "list_questions": (VENTURE, None, PAGE, None, None, None, None, False, False),
    "list_questions open": (VENTURE, None, PAGE, "open", None, None, None, False, False),
    "list_events": (VENTURE, None, None, None, PAGE, None, None, None, None, None),
    "session_claims": (VENTURE, "s001", None, PAGE, None),
    "overview": (VENTURE,),
    "holder_at": (VENTURE, "SD-7", "2999-01-01Z"),
}


async def _as_planned(connection: Connection, query: str, arguments: tuple[Any, ...]) -> str:
    """The query as a user's statement is planned: each argument cast from text to its type."""
    text = texts.query(query)
    types = [kind.name for kind in (await connection.prepare(text)).get_parameters()]

    def literal(found: re.Match[str]) -> str:
        n = int(found[1]) - 1
        given = "null" if arguments[n] is None else f"'{arguments[n]}'"
        return f"((array[{given}]::text[])[1])::{types[n]}"

    return re.sub(r"\$(\d+)", literal, text)


async def _blocks(connection: Connection, query: str, arguments: tuple[Any, ...]) -> int:
    statement = await _as_planned(connection, query, arguments)
    told = await connection.fetchval(f"explain (analyze, buffers, format json) {statement}")
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    blocks: int = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return blocks


@pytest.mark.timeout(120)
async def test_a_page_reads_few_blocks_of_many_rows(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await connection.execute(_FILL)
        async with asking(connection, "authenticated", member(UUID(VENTURE), "viewer")):
            read = {
                name: await _blocks(connection, name.split()[0], arguments)
                for name, arguments in PAGES.items()
            }
    assert {name: blocks for name, blocks in read.items() if blocks > MOST_BLOCKS} == {}


async def test_what_is_made_later_has_the_greater_id(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        before = time.time()
        ids: list[UUID] = [await call_value(connection, "uuid7") for _ in range(200)]
        after = time.time()
    assert ids == sorted(ids)
    assert {(one.version, one.variant) for one in ids} == {(7, RFC_4122)}
    for one in ids:
        assert int(before * 1000) <= one.int >> 80 <= int(after * 1000)
