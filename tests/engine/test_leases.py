"""One owner: sixteen race for one lease, one wins, a hundred times."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from holdfast.errors import AlreadyClaimed
from tests.support import racer
from tests.support.races import RACERS, ROUNDS, race, starting_gun
from tests.support.sql import Row, call, call_row, connected, connected_many, one, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


async def _claim(connection: Connection, function: str, /, **arguments: Any) -> Row | None:
    """The lease that a racer won, or nothing."""
    try:
        async with connection.transaction():
            rows = await call(connection, function, **arguments)
    except AlreadyClaimed as refusal:
        assert refusal.detail["holder"]
        return None
    assert len(rows) <= 1
    return rows[0] if rows else None


def _winner(results: list[Row | None]) -> Row:
    won = [row for row in results if row is not None]
    assert len(won) == 1, f"{len(won)} of {len(results)} won"
    return won[0]


def _require_held_by(row: Row, winner: Row, epoch: int) -> None:
    assert (row["lease_epoch"], row["lease_token"]) == (winner["epoch"], winner["token"])
    assert row["lease_epoch"] == epoch


async def test_one_of_sixteen_connections_claims_a_directive(holdfast_url: str) -> None:
    async with connected(holdfast_url) as referee, connected_many(holdfast_url, RACERS) as racers:
        await call(referee, "add_directive", sd_key="SD-1", title="raced for", status="active")
        sessions = {}
        for number, connection in enumerate(racers):
            started = await call_row(
                connection, "start_session", session_id=f"s{number}", lease_seconds=3600
            )
            sessions[connection] = {
                "session_id": f"s{number}",
                "epoch": started["epoch"],
                "token": started["token"],
            }

        async def claim(connection: Connection) -> Row | None:
            return await _claim(
                connection, "claim_directive", **sessions[connection], sd_key="SD-1"
            )

        for epoch in range(1, ROUNDS + 1):
            winner = _winner(await race(referee, racers, claim))
            held = await one(referee, "select * from holdfast.directive_claims")
            _require_held_by(held, winner, epoch)
            won = {"epoch": winner["epoch"], "token": winner["token"]}
            await call(referee, "release_directive", sd_key="SD-1", **won)


async def test_one_of_sixteen_connections_takes_over_a_supervisor(holdfast_url: str) -> None:
    """Every round but the first races for a supervisor whose worker died."""
    async with connected(holdfast_url) as referee, connected_many(holdfast_url, RACERS) as racers:
        supervisor = await call_row(referee, "create_supervisor", name="raced for", handler="h")

        async def claim(connection: Connection) -> Row | None:
            return await _claim(
                connection,
                "claim_supervisors",
                holder=str(connection.get_server_pid()),
                ids=[supervisor["id"]],
                max_deaths=ROUNDS + 1,
            )

        for epoch in range(1, ROUNDS + 1):
            for connection in racers:
                await set_clock(connection, 60 * epoch)
            winner = _winner(await race(referee, racers, claim))
            held = await one(referee, "select * from holdfast.supervisor_states")
            _require_held_by(held, winner, epoch)
            assert winner["restoration_count"] == epoch - 1


async def test_one_of_sixteen_connections_takes_an_execution(holdfast_url: str) -> None:
    async with connected(holdfast_url) as referee, connected_many(holdfast_url, RACERS) as racers:

        async def claim(connection: Connection) -> Row | None:
            return await _claim(connection, "claim_executions", holder="w", kinds=["k"], limit=1)

        for _ in range(ROUNDS):
            made = await call_row(referee, "create_execution", name="raced for", kind="k")
            winner = _winner(await race(referee, racers, claim))
            held = await one(
                referee, "select * from holdfast.agent_executions where id = $1", made[0]
            )
            _require_held_by(held, winner, 1)
            assert held["attempt"] == 1


async def test_one_of_sixteen_connections_starts_a_session(holdfast_url: str) -> None:
    """Each id twice: first nobody knows it, then its lease has run out."""
    async with connected(holdfast_url) as referee, connected_many(holdfast_url, RACERS) as racers:
        for turn in range(ROUNDS):
            session_id, again = f"s{turn // 2}", turn % 2

            async def start(connection: Connection, session_id: str = session_id) -> Row | None:
                pid = str(connection.get_server_pid())
                return await _claim(connection, "start_session", session_id=session_id, holder=pid)

            for connection in racers:
                await set_clock(connection, 60 * turn)
            winner = _winner(await race(referee, racers, start))
            held = await one(
                referee, "select * from holdfast.claude_sessions where session_id = $1", session_id
            )
            _require_held_by(held, winner, 1 + again)
            assert winner["resumed"] == bool(again)


async def test_one_of_sixteen_processes_claims_a_directive(holdfast_url: str) -> None:
    async with connected(holdfast_url) as referee, _processes(referee, holdfast_url) as processes:
        for number in range(ROUNDS):
            sd_key = f"SD-{number}"
            await call(referee, "add_directive", sd_key=sd_key, title="raced for", status="active")
            async with starting_gun(referee):
                for process in processes:
                    _write(process, sd_key)
            said = [await _read(process) for process in processes]
            (winner,) = [n for n, line in enumerate(said) if line.startswith("won 1 ")]
            lost = [line for line in said if not line.startswith("won")]
            assert lost == [f"lost to s{winner}"] * (RACERS - 1)
            token = UUID(said[winner].rpartition(" ")[2])
            await call(referee, "release_directive", sd_key=sd_key, epoch=1, token=token)


@asynccontextmanager
async def _processes(referee: Connection, url: str) -> AsyncIterator[list[Process]]:
    processes = []
    try:
        for number in range(RACERS):
            session = f"s{number}"
            started = await call_row(
                referee, "start_session", session_id=session, lease_seconds=3600
            )
            processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    racer.__name__,
                    url,
                    session,
                    str(started["epoch"]),
                    str(started["token"]),
                    stdin=PIPE,
                    stdout=PIPE,
                )
            )
        for process in processes:
            assert await _read(process) == "ready"
        yield processes
    finally:
        for process in processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in processes:
            await process.wait()


def _write(process: Process, line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())


async def _read(process: Process) -> str:
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode().strip()
    assert line, f"racer {process.pid} said nothing"
    return line


async def test_a_claim_seeds_its_own_heartbeat(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        now = await set_clock(connection)
        started = await call_row(connection, "start_session", session_id="s")
        await call(connection, "create_supervisor", name="s", handler="h")
        await call(connection, "claim_supervisors", holder="w", handlers=["h"])
        await call(connection, "create_execution", name="e", kind="k")
        await call(connection, "claim_executions", holder="w", kinds=["k"])
        await call(connection, "begin_execution", name="own", holder="me")
        for table in ("claude_sessions", "supervisor_states", "agent_executions"):
            rows = await connection.fetch(
                f"select heartbeat_at, lease_expires_at - heartbeat_at as lease from holdfast.{table}"
            )
            assert {row["heartbeat_at"] for row in rows} == {now}
            assert {row["lease"].total_seconds() for row in rows} == {30}
        assert started["expires_at"] > now


async def test_a_beat_after_a_take_over_does_not_prolong_the_new_holders_lease(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        await call(connection, "add_directive", sd_key="SD-1", title="taken", status="active")
        claims = []
        for session_id in ("first", "second"):
            session = await call_row(connection, "start_session", session_id=session_id)
            fence = {"epoch": session["epoch"], "token": session["token"]}
            claims.append(
                await call_row(
                    connection,
                    "claim_directive",
                    session_id=session_id,
                    **fence,
                    sd_key="SD-1",
                    take_over_reason="its machine burns",
                )
            )
        lost, holds = claims
        assert holds["epoch"] == lost["epoch"] + 1
        assert holds["token"] != lost["token"]
        refused = await _beat(connection, lost)
        assert [(row["kind"], row["id"]) for row in refused] == [
            ("directive", lost["directive_id"])
        ]
        row = await one(connection, "select * from holdfast.directive_claims")
        assert row["lease_expires_at"] == holds["expires_at"]
        assert await _beat(connection, holds) == []
        row = await one(connection, "select * from holdfast.directive_claims")
        assert row["lease_expires_at"] > holds["expires_at"]


async def _beat(connection: Connection, claim: Row) -> list[Row]:
    directive: UUID = claim["directive_id"]
    return await call(
        connection,
        "renew_leases",
        kinds=["directive"],
        ids=[directive],
        epochs=[claim["epoch"]],
        tokens=[claim["token"]],
        lease_seconds=600,
    )


async def test_a_beat_never_shortens_a_lease(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        made = await call_row(
            connection, "begin_execution", name="e", holder="me", lease_seconds=600
        )
        lost = await call(
            connection,
            "renew_leases",
            kinds=["execution"],
            ids=[made["id"]],
            epochs=[made["epoch"]],
            tokens=[made["token"]],
            lease_seconds=1,
        )
        assert lost == []
        row = await one(connection, "select lease_expires_at from holdfast.agent_executions")
        assert row["lease_expires_at"] == made["expires_at"]


async def test_when_a_lease_ends_is_told_alike_in_every_country(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await connection.execute("set datestyle = 'SQL, DMY'; set timezone = 'UTC'")
        await set_clock(connection)
        await call(connection, "add_directive", sd_key="SD-1", title="held", status="active")
        claims = []
        for session_id in ("one", "two"):
            started = await call_row(connection, "start_session", session_id=session_id)
            fence = {"epoch": started["epoch"], "token": started["token"]}
            claims.append({"session_id": session_id, "sd_key": "SD-1", "lease_seconds": 60} | fence)
        await call(connection, "claim_directive", **claims[0])
        times = "since 2030-01-01 12:00:00+00, until 2030-01-01 12:01:00+00"
        with pytest.raises(AlreadyClaimed, match=re.escape(times)):
            await call(connection, "claim_directive", **claims[1])
