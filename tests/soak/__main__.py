"""`make soak`: ten minutes of 100 executions with logs; says what it found, and fails where that is not what it should be."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import uvloop

from holdfast.config import Settings
from holdfast.engine import connections, migrate
from tests.soak.run import Outcome, soak
from tests.support.crashing import crashable_server
from tests.support.servers import binaries_of

MOST_GROWTH = 1.15


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--executions", type=int, default=100)
    parser.add_argument("--clients", type=int, default=20)
    given = parser.parse_args()
    with (
        crashable_server(binaries_of("18")) as server,
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(server.start())
        runner.run(_migrated(server.url))
        outcome = runner.run(
            soak(
                server.url,
                Path(folder),
                seconds=given.seconds,
                executions=given.executions,
                clients=given.clients,
            )
        )
    return _told(outcome, given.clients)


async def _migrated(url: str) -> None:
    connection = await connections.connect(url, Settings())
    await migrate.migrate(connection)
    await connection.close()


def _told(outcome: Outcome, clients: int) -> int:
    print(f"{outcome.events} events, {clients} clients, {outcome.faulty_clients} of them faulty")
    megabytes = [n / 2**20 for n in (outcome.resident_before, outcome.resident_after)]
    print(f"the gateway's memory: {megabytes[0]:.0f} MB, then {megabytes[1]:.0f} MB")
    return int(outcome.faulty_clients > 0 or outcome.growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
