"""A process that was away longer than its lease has lost it, however little it knows of that."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from holdfast.engine.postgres import PostgresEngine
from tests.support.workers import (
    LEASE_SECONDS,
    Rows,
    environment,
    paused,
    process,
    rows_of,
    until,
)


@contextmanager
def zombie(url: str, what: str) -> Iterator[subprocess.Popen[str]]:
    env = environment(url, lease_seconds=LEASE_SECONDS)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with process("-m", "tests.crash.zombie", what, env=env, **pipes) as started:
        yield started


async def told(started: subprocess.Popen[str]) -> Any:
    assert started.stdout is not None
    line = await asyncio.to_thread(started.stdout.readline)
    assert line, "it ended without a word"
    return json.loads(line)


async def interrupted(engine: PostgresEngine, venture_id: UUID, *ids: UUID) -> None:
    """Let the reaper find the leases that ran out."""
    found: set[UUID] = set()

    async def reaped() -> bool:
        found.update(row["id"] for row in await engine.call("reap", venture_id=venture_id))
        return found >= set(ids)

    await until(reaped)


async def taken_over(engine: PostgresEngine, venture_id: UUID) -> None:
    """Another worker holds both, for much longer than this test takes."""
    common = {"holder": "the next worker", "lease_seconds": 600.0, "venture_id": venture_id}
    await engine.call_row("claim_supervisors", handlers=["release"], **common)
    await engine.call_row("claim_executions", kinds=["callable:research"], **common)


async def test_a_zombie_is_refused_whatever_it_writes_and_nothing_of_it_is_kept(
    engine: PostgresEngine,
) -> None:
    venture_id = await engine.call_value("open_venture", slug="default")
    await engine.call("create_supervisor", name="release", handler="release", venture_id=venture_id)
    await engine.call(
        "create_execution", name="research", kind="callable:research", venture_id=venture_id
    )

    async with rows_of(engine.url) as rows:
        with zombie(engine.url, "both") as started:
            held = await told(started)
            await paused(started)
            await interrupted(engine, venture_id, UUID(held["supervisor"]), UUID(held["execution"]))
            await taken_over(engine, venture_id)
            before = await rows.fingerprint()

            started.send_signal(signal.SIGCONT)
            assert started.stdin is not None
            started.stdin.write("go on\n")
            started.stdin.flush()
            outcomes = await told(started)

        assert set(outcomes.values()) == {"LeaseLost"}, outcomes
        assert await rows.fingerprint() == before


async def test_the_block_of_an_execution_is_cancelled_when_its_lease_was_lost(
    engine: PostgresEngine,
) -> None:
    venture_id = await engine.call_value("open_venture", slug="default")
    async with rows_of(engine.url) as rows:
        with zombie(engine.url, "block") as started:
            execution_id = UUID((await told(started))["execution"])
            await paused(started)
            await interrupted(engine, venture_id, execution_id)
            before = await rows.fingerprint()

            started.send_signal(signal.SIGCONT)

            assert await told(started) == "LeaseLost"
        assert await rows.fingerprint() == before
        await assert_only_the_line_before(rows, execution_id)


async def assert_only_the_line_before(rows: Rows, execution_id: UUID) -> None:
    lines = await rows.all(
        "select message from holdfast.agent_execution_logs where execution_id = $1", execution_id
    )
    assert [line["message"] for line in lines] == ["before"]
