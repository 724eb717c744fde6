"""The array forms against pgbench's plain `unnest` of the same rows."""

from __future__ import annotations

from bench._rows import PICK, ROW, TOKEN, VENTURE, fill
from bench._server import connected
from bench._support import Bench, Figure, Measurement, compare

TITLE = "array forms: 100 rows a call, each fenced, against a plain unnest of the same rows"
ROWS = 100
CLIENTS = 4

_MESSAGES = "'{" + ",".join(f'"line {i} of what an agent said"' for i in range(ROWS)) + "}'::text[]"
_LEVELS = f"array_fill('info'::holdfast.log_level, array[{ROWS}])"
_ONE_ROW = f"array_fill({ROW}, array[{ROWS}])"
_EPOCHS = f"array_fill(1::bigint, array[{ROWS}])"
_TOKENS = f"array_fill('{TOKEN}'::uuid, array[{ROWS}])"

LOGS = f"""{PICK}
select * from holdfast.append_logs({_ONE_ROW}, {_EPOCHS}, {_TOKENS}, {_LEVELS}, {_MESSAGES}, null, '{VENTURE}');
"""
PLAIN_LOGS = f"""{PICK}
insert into bench.logs (venture_id, execution_id, line, time, level, message)
select '{VENTURE}', g.id, nextval('bench.line'), clock_timestamp(), g.level, g.message
from unnest({_ONE_ROW}, {_LEVELS}, {_MESSAGES}) as g (id, level, message);
"""

# One step of each of a hundred executions, as a process full of agents sends them: rows beside each other, so that
# the two scripts touch the same pages. A position by chance is nearly always a new one.
_BLOCK = (
    "\\set row random(0, 99) * 100 + 100000000000\n\\set position random(1, 2000000000)\n"
    "\\set turn random(1, 100)\n"
)
_IDS = (
    "(select array_agg(('00000000-0000-7000-8000-' || i)::uuid)"
    f" from generate_series(:row::bigint, :row::bigint + {ROWS - 1}) as i)"
)
_POSITIONS = f"array_fill(:position::integer, array[{ROWS}])"
_DONE = f"array_fill('completed'::holdfast.execution_step_status, array[{ROWS}])"
STEPS = f"""{_BLOCK}
select * from holdfast.record_steps({_IDS}, {_EPOCHS}, {_TOKENS}, {_POSITIONS}, {_MESSAGES}, {_DONE}, '{VENTURE}');
"""
PLAIN_STEPS = f"""{_BLOCK}
insert into bench.steps (venture_id, execution_id, position, name, status, started_at, ended_at)
select '{VENTURE}', g.id, g.position, g.name, g.status, clock_timestamp(), clock_timestamp()
from unnest({_IDS}, {_POSITIONS}, {_MESSAGES}, {_DONE}) as g (id, position, name, status)
on conflict (venture_id, execution_id, position) do nothing;
"""
_KINDS = f"array_fill('supervisor'::text, array[{ROWS}])"
BEATS = f"""{_BLOCK}
select * from holdfast.renew_leases({_KINDS}, {_IDS}, {_EPOCHS}, {_TOKENS}, 30, '{VENTURE}');
"""
PLAIN_BEATS = f"""{_BLOCK}
update bench.plain p set heartbeat_at = clock_timestamp(), lease_expires_at = clock_timestamp() + interval '30 s'
from unnest({_IDS}) as g (id) where p.venture_id = '{VENTURE}' and p.id = g.id;
"""
_PLAIN_TABLES = """
create sequence bench.line cache 1000;
create table bench.logs (like holdfast.agent_execution_logs, primary key (venture_id, execution_id, line, time));
create table bench.steps (like holdfast.execution_steps, primary key (venture_id, execution_id, position));
"""


async def run(bench: Bench) -> list[Figure]:
    url = await bench.server.database()
    await fill(url)
    async with connected(url) as connection:
        await connection.execute(_PLAIN_TABLES)
    measurements: dict[str, Measurement] = {
        "append_logs": bench.rate(url, LOGS, clients=CLIENTS),
        "plain logs": bench.rate(url, PLAIN_LOGS, clients=CLIENTS),
        "record_steps": bench.rate(url, STEPS, clients=CLIENTS),
        "plain steps": bench.rate(url, PLAIN_STEPS, clients=CLIENTS),
        "renew_leases": bench.rate(url, BEATS, clients=CLIENTS),
        "plain beats": bench.rate(url, PLAIN_BEATS, clients=CLIENTS, synchronous_commit="off"),
    }
    samples = {
        name: [rate * ROWS for rate in rates]
        for name, rates in (await bench.alternate(measurements)).items()
    }
    await bench.server.drop(url)
    unit = "rows/s"
    return [
        compare(
            "append_logs, 100 lines of one execution / unnest INSERT",
            samples,
            "append_logs",
            "plain logs",
            unit=unit,
            at_least=0.7,
        ),
        compare(
            "record_steps, one of each of 100 executions / unnest INSERT",
            samples,
            "record_steps",
            "plain steps",
            unit=unit,
        ),
        compare(
            "renew_leases, 100 supervisors / unnest UPDATE, both asynchronous",
            samples,
            "renew_leases",
            "plain beats",
            unit=unit,
        ),
    ]
