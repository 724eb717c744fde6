"""The rows that are measured on, and how a script names one of them."""

from __future__ import annotations

from uuid import UUID

from bench._server import connected

MANY = 10_000
"""So many that two of 32 clients seldom meet on one row."""
VENTURE = UUID("00000000-0000-7000-8000-000000000000")
TOKEN = UUID("11111111-1111-4111-8111-111111111111")
_FIRST = 100_000_000_000
_PREFIX = "00000000-0000-7000-8000-"

PICK = f"\\set row random({_FIRST}, {_FIRST + MANY - 1})\n\\set turn random(1, 100)\n"
"""A script's first lines: a row and a number of a turn, both by chance."""
ROW = f"('{_PREFIX}' || :row)::uuid"
"""The picked row's id, in a script."""

_SUPERVISORS = """
insert into holdfast.supervisor_states
    (venture_id, id, name, state, created_at, started_at, lease_epoch, lease_token, lease_expires_at, lease_holder, input)
select $1, ($2 || ($3::bigint + i))::uuid, 'supervisor ' || i, 'working', now(), now(), 1, $4, now() + interval '1 day',
    'bench', jsonb_build_object('goal', repeat('what it was asked to do. ', 8))
from generate_series(0, $5::integer - 1) as i
"""
_EXECUTIONS = """
insert into holdfast.agent_executions
    (venture_id, id, name, status, run_at, attempt, created_at, started_at, lease_epoch, lease_token, lease_expires_at)
select $1, ($2 || ($3::bigint + i))::uuid, 'execution ' || i, 'running', now(), 1, now(), now(), 1, $4, now() + interval '1 day'
from generate_series(0, $5::integer - 1) as i
"""
# The same rows without what the engine adds: no further index, no check, no other function.
_PLAIN = """
create schema if not exists bench;
create table bench.plain (like holdfast.supervisor_states, primary key (venture_id, id))
    with (fillfactor = 60, toast_tuple_target = 512);
insert into bench.plain select * from holdfast.supervisor_states;
"""


def row_id(number: int) -> UUID:
    """The id of a row, in Python."""
    return UUID(f"{_PREFIX}{_FIRST + number}")


async def fill(url: str) -> None:
    """Supervisors and executions held under leases, and plain copies of the supervisors as the yardstick's rows."""
    async with connected(url) as connection:
        for statement in (_SUPERVISORS, _EXECUTIONS):
            await connection.execute(statement, VENTURE, _PREFIX, _FIRST, TOKEN, MANY)
        await connection.execute(_PLAIN)
        await connection.execute("vacuum analyze")


BARE_UPDATE = f"""{PICK}
update bench.plain set current_activity = 'turn ' || :turn, progress = :turn, seq = seq + 1
where venture_id = '{VENTURE}' and id = {ROW};
"""
"""The yardstick: an UPDATE by primary key of the row that a save updates."""

SAVE = f"""{PICK}
select holdfast.save_supervisor({ROW}, 1, '{TOKEN}', 'working', 'turn ' || :turn, :turn, null, '{VENTURE}');
"""
"""A save on every turn: the lease checked, the state row updated, the event written."""
