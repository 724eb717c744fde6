"""`make soak`: what takes minutes to show; each part says what it found, and fails where that is not what it should be.

logs     ten minutes of 100 executions with logs: flat memory, no loss
herd     1,000 clients lose their gateway at once while a transaction is open for a minute: no loss, nobody held up
stalled  5 % of the clients do not read: the others notice nothing
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from holdfast.config import Settings
from holdfast.engine import connections, migrate
from tests.soak.herd import herd
from tests.soak.run import soak
from tests.soak.stalled import stalled
from tests.support.crashing import crashable_server
from tests.support.servers import binaries_of

MOST_GROWTH = 1.15
# Two runs beside clients that read differ by as much.
MOST_SLOWER = 1.25
STALLED_ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[*PARTS])
    parser.add_argument("--seconds", type=float, default=600, help="of logs")
    parser.add_argument("--executions", type=int, default=100)
    parser.add_argument("--clients", type=int, default=20, help="of logs")
    parser.add_argument("--herd", type=int, default=1000, help="clients of the herd")
    parser.add_argument("--open", type=float, default=60, help="seconds of the open transaction")
    given = parser.parse_args()
    return max([_on_a_server(PARTS[part], given) for part in given.parts])


def _on_a_server(part: Part, given: argparse.Namespace) -> int:
    with (
        crashable_server(binaries_of("18")) as server,
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(server.start())
        runner.run(_migrated(server.url))
        return runner.run(part(server.url, Path(folder), given))


async def _migrated(url: str) -> None:
    connection = await connections.connect(url, Settings())
    await migrate.migrate(connection)
    await connection.close()


async def _logs(url: str, folder: Path, given: argparse.Namespace) -> int:
    outcome = await soak(
        url, folder, seconds=given.seconds, executions=given.executions, clients=given.clients
    )
    print(
        f"logs: {outcome.events} events, {given.clients} clients, {outcome.faulty_clients} faulty"
    )
    megabytes = [n / 2**20 for n in (outcome.resident_before, outcome.resident_after)]
    print(f"logs: the gateway's memory: {megabytes[0]:.0f} MB, then {megabytes[1]:.0f} MB")
    return int(outcome.faulty_clients > 0 or outcome.growth > MOST_GROWTH)


async def _herd(url: str, folder: Path, given: argparse.Namespace) -> int:
    outcome = await herd(url, folder, clients=given.herd, seconds_open=given.open)
    print(
        f"herd: {outcome.events} events, {outcome.clients} clients, {outcome.faulty_clients} faulty"
    )
    print(
        f"herd: all live again {outcome.seconds_to_come_back:.1f} s after they all came back at once; "
        f"{outcome.while_open} events given while the transaction of {given.open:.0f} s was open"
    )
    return int(outcome.faulty_clients > 0 or outcome.while_open == 0)


async def _stalled(url: str, folder: Path, given: argparse.Namespace) -> int:
    outcome = await stalled(url, folder, clients=100, rounds=STALLED_ROUNDS, seconds=30, rate=100)
    ratio = outcome.slower(0.99)
    print(
        f"stalled: {outcome.faulty_clients} of 105 clients faulty; those that do not read lost their "
        f"connection {outcome.turned_away} times"
    )
    print(
        f"stalled: p50 {outcome.slower(0.5):.2f} and p99 {ratio:.2f} of what they are beside as many that read"
    )
    return int(outcome.faulty_clients > 0 or outcome.turned_away == 0 or ratio > MOST_SLOWER)


Part = Callable[[str, Path, argparse.Namespace], Coroutine[Any, Any, int]]
PARTS: dict[str, Part] = {"logs": _logs, "herd": _herd, "stalled": _stalled}

if __name__ == "__main__":
    sys.exit(main())
