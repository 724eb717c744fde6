"""The database is away: what can wait is journaled and said to be, the rest is refused; then it comes back."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast.config import Settings
from holdfast.engine import connections, migrate
from tests.support.command_line import Command, added, cache, events, set_clock, started
from tests.support.crashing import CrashableServer, crashable_server
from tests.support.servers import binaries_of
from tests.support.sql import connected
from tests.sync.conftest import NOWHERE, Away

LATER = "2030-01-01 13:00:00+00"
UNREACHABLE = (
    f"The database at {NOWHERE} cannot be reached: [Errno 2] No such file or directory.",
    "Check HOLDFAST_DATABASE_URL, or unset it to use the embedded server.",
)
SENT = "note: journaled writes that are in the database now: {}\n"


@pytest.fixture
def holding(cli: Command, away: Away) -> Command:
    """The session s1 holds SD-1, and the database has gone away."""
    added(cli, "SD-1", "SD-2")
    started(cli, "s1")
    cli("session", "claim", "SD-1", "--json").json  # noqa: B018
    away(True)
    return cli


def journal() -> list[str]:
    file = Path(".holdfast/journal/entries.log")
    lines = file.read_text().splitlines() if file.exists() else []
    return [json.loads(line.partition(" ")[2])["function"] for line in lines]


def test_a_release_is_journaled_and_said_to_be(holding: Command, away: Away) -> None:
    told = holding("session", "release", "--reason", "lunch")
    assert (told.code, told.err) == (0, "")
    assert told.out == "journaled: SD-1 is released once the database is back\n"
    assert (journal(), cache()["s1"]["claim"]) == (["release_directive"], None)

    away(False)
    shown = holding("directive", "show", "SD-1", "--json")

    assert (shown.code, shown.err) == (0, SENT.format(1))
    assert json.loads(shown.out)["held_by"] is None
    assert journal() == []
    assert holding("directive", "show", "SD-1", "--json").json["held_by"] is None


def test_for_machines_it_says_journaled(holding: Command) -> None:
    assert holding("directive", "move", "SD-1", "PLAN", "--json").json == {
        "sd_key": "SD-1",
        "phase": "PLAN",
        "journaled": True,
    }
    assert cache()["s1"]["claim"]["phase"] == "PLAN"
    assert holding("session", "release", "--json").json == {
        "session_id": "s1",
        "released": "SD-1",
        "journaled": True,
    }
    assert holding("session", "end", "--json").json == {
        "session_id": "s1",
        "state": "ended",
        "journaled": True,
    }
    assert journal() == ["move_directive_phase", "release_directive", "end_session"]


def test_several_writes_come_in_order_when_the_database_is_back(
    holding: Command, away: Away, holdfast_url: str
) -> None:
    for arguments in (
        ("directive", "move", "SD-1", "PLAN"),
        ("directive", "move", "SD-1", "EXEC"),
        ("directive", "block", "SD-1", "--reason", "the rain"),
        ("session", "end", "--reason", "home"),
    ):
        told = holding(*arguments)
        assert (told.code, told.err, told.out.startswith("journaled: ")) == (0, "", True)
    away(False)
    set_clock(holdfast_url, LATER)  # the leases ran out meanwhile, and nobody took them

    listed = holding("session", "list", "--all", "--json")

    assert listed.err == SENT.format(4)
    [session] = json.loads(listed.out)
    assert (session["state"], session["end_reason"]) == ("ended", "home")
    shown = holding("directive", "show", "SD-1", "--json").json
    assert (shown["phase"], shown["status"], shown["blocked_reason"]) == (
        "EXEC",
        "blocked",
        "the rain",
    )
    assert [one["to"] for one in events(holdfast_url, "directive.phase_moved")] == ["PLAN", "EXEC"]


def test_what_another_took_meanwhile_is_named_and_kept_aside(
    holding: Command, away: Away, holdfast_url: str
) -> None:
    holding("directive", "block", "SD-1", "--reason", "the rain")
    away(False)
    set_clock(holdfast_url, LATER)
    journal_file = Path(".holdfast/journal/entries.log")
    hidden = journal_file.rename("elsewhere")  # another machine knows nothing of this journal
    started(holding, "s2")
    holding("session", "claim", "SD-1", "--session", "s2", "--json").json  # noqa: B018
    hidden.rename(journal_file)

    shown = holding("directive", "show", "SD-1", "--json")

    [aside] = Path(".holdfast/quarantine").glob("*.json")
    assert shown.code == 0
    assert shown.err.startswith("warning: not applied: move_directive of s1, written at ")
    assert "The lease on directive SD-1 (epoch 1) was taken by s2 (epoch 2)" in shown.err
    assert shown.err.endswith(f"It is kept in {aside.absolute()}\n")
    assert json.loads(shown.out)["status"] == "active"
    assert (holding("session", "list", "--json").err, journal()) == ("", [])
    assert aside.exists()


def test_completing_waits_for_the_database(holding: Command) -> None:
    for arguments in (("complete", "SD-1"), ("move", "SD-1", "completed")):
        holding("directive", *arguments).assert_refused(
            "SD-1 cannot be completed while the database is away: only there it is known whether it has to be verified first.",
            "Complete it when the database is back; until then the session holds it.",
        )
    assert (journal(), cache()["s1"]["claim"]["sd_key"]) == ([], "SD-1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("directive", "block", "SD-2", "--reason", "r"),
        ("directive", "move", "SD-1", "PLAN", "--session", "nobody"),
        ("directive", "add", "SD-3", "t"),
        ("directive", "list"),
        ("session", "start"),
        ("session", "claim", "SD-2"),
        ("session", "heartbeat"),
        ("session", "end", "--session", "nobody"),
        ("session", "release", "--session", "nobody"),
    ],
)
def test_what_is_not_done_under_a_lease_that_is_known_here_is_refused(
    holding: Command, arguments: tuple[str, ...]
) -> None:
    before = cache()
    holding(*arguments).assert_refused(*UNREACHABLE)
    assert (journal(), cache()) == ([], before)


def test_a_session_that_holds_nothing_has_nothing_to_release(holding: Command) -> None:
    assert holding("session", "release").code == 0
    holding("session", "release").assert_refused(*UNREACHABLE)
    assert journal() == ["release_directive"]


def test_of_several_sessions_one_has_to_be_named(cli: Command, away: Away) -> None:
    started(cli, "s1")
    started(cli, "s2")
    away(True)
    cli("session", "end").assert_refused(
        "The database is away, and 2 sessions are known here: s1, s2.",
        "Name one with --session or HOLDFAST_SESSION.",
    )
    assert cli("session", "end", "--session", "s2", "--json").json["session_id"] == "s2"
    assert list(cache()) == ["s1"]


def test_a_project_that_cannot_be_written_says_so_and_loses_nothing(holding: Command) -> None:
    before = cache()
    Path(".holdfast/journal").write_text("in the way")
    told = holding("session", "end")
    told.assert_refused(
        f"The journal {Path.cwd()}/.holdfast/journal/entries.log cannot be written: File exists.",
        "Make the folder writable; the journal keeps what the database cannot take now.",
    )
    assert cache() == before


def test_a_journal_that_cannot_be_read_is_a_warning(
    holding: Command, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    holding("session", "release")
    file = Path(".holdfast/journal/entries.log")
    file.rename("elsewhere")
    file.mkdir()
    away(False)
    told = holding("directive", "list", "--json")
    assert (told.code, len(json.loads(told.out))) == (0, 2)
    assert told.err == f"warning: The journal {file.absolute()} cannot be read: Is a directory.\n"


def test_a_damaged_cache_is_no_way_to_a_lease(holding: Command) -> None:
    Path(".holdfast/state.json").write_bytes(b"\xff\x00")
    holding("session", "end").assert_refused(*UNREACHABLE)
    assert (journal(), Path(".holdfast/state.json").read_bytes()) == ([], b"\xff\x00")


# A real server that goes away and comes back.


@pytest.fixture
async def server() -> AsyncIterator[CrashableServer]:
    with crashable_server(binaries_of("18")) as made:
        await made.start()
        connection = await connections.connect(made.url, Settings())
        await migrate.migrate(connection)
        await connection.close()
        yield made


async def holdfast(folder: Path, url: str, *arguments: str) -> tuple[int, str, str]:
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "holdfast", *arguments],
        cwd=folder,
        env={**os.environ, "HOLDFAST_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


async def test_the_server_is_killed_during_a_session_and_nothing_is_lost(
    server: CrashableServer, work_dir: Path
) -> None:
    (work_dir / ".git").mkdir()
    begin: tuple[tuple[str, ...], ...] = (
        ("directive", "add", "SD-1", "t"),
        ("session", "start", "--id", "s1"),
        ("session", "claim", "SD-1"),
    )
    for arguments in begin:
        assert (await holdfast(work_dir, server.url, *arguments))[0] == 0
    server.kill()
    meanwhile: tuple[tuple[str, ...], ...] = (
        ("directive", "move", "SD-1", "PLAN"),
        ("directive", "block", "SD-1", "--reason", "no database"),
        ("session", "end"),
    )
    for arguments in meanwhile:
        code, out, err = await holdfast(work_dir, server.url, *arguments)
        assert (code, out.startswith("journaled: "), err) == (0, True, "")
    await server.start()

    code, out, err = await holdfast(work_dir, server.url, "directive", "show", "SD-1", "--json")

    assert (code, err) == (0, SENT.format(3))
    told = json.loads(out)
    assert (told["phase"], told["status"], told["held_by"]) == ("PLAN", "blocked", None)
    async with connected(server.url) as connection:
        rows = await connection.fetch("select state::text from holdfast.claude_sessions")
    assert [row["state"] for row in rows] == ["ended"]
