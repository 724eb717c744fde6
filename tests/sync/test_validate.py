"""`holdfast validate`: what differs is told on one line, repaired from the database, and never called consistent without it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.sync.cache import Cache, CachedSession
from holdfast.sync.git import read_work_tree
from holdfast.sync.journal import Journal, JournalState
from holdfast.sync.reconcile import Reconciled, reconcile
from tests.support.command_line import Command, added, cache, set_clock, started
from tests.support.repositories import git, repository
from tests.support.sql import call, call_row, connected
from tests.sync.conftest import Away

LATER = "2030-01-01 13:00:00+00"
SAME = "consistent: files, branch and database say the same\n"
OLDER = Path(".claude/auto-proceed-state.json")
STATE = Path(".holdfast/state.json")
VENTURE = UUID("00000000-0000-7000-8000-000000000000")


@pytest.fixture
def holding(cli: Command) -> Command:
    """A real repository, in which the session s1 holds SD-1."""
    shutil.rmtree(".git")
    repository(Path.cwd(), "fix/SD-1", "fix/SD-2")
    Path(".claude").mkdir()
    added(cli, "SD-1", "SD-2")
    started(cli, "s1")
    cli("session", "claim", "SD-1", "--json").json  # noqa: B018
    return cli


def validate(cli: Command, *arguments: str) -> tuple[int, list[str]]:
    told = cli("validate", *arguments)
    return told.code, told.out.splitlines()


def assert_repaired(cli: Command, *lines: str) -> None:
    """It is told, nothing is changed; then it is repaired, and afterwards nothing differs."""
    before = STATE.read_bytes()
    assert validate(cli) == (1, list(lines))
    assert STATE.read_bytes() == before
    assert validate(cli, "--fix") == (0, [f"{line} (repaired)" for line in lines])
    assert validate(cli) == (0, SAME.splitlines())


def change_cache(**changes: Any) -> None:
    def change(kept: CachedSession | None) -> CachedSession | None:
        assert kept is not None
        return dataclasses.replace(kept, **changes)

    Cache(Path(".holdfast")).update("s1", VENTURE, change)


def in_database(url: str, function: str, **arguments: Any) -> None:
    async def work() -> None:
        async with connected(url) as connection:
            await call(connection, function, **arguments)

    asyncio.run(work())


def fence() -> dict[str, Any]:
    kept = cache()["s1"]
    return {"session_id": "s1", "epoch": kept["epoch"], "token": kept["token"]}


def test_what_is_the_same_is_said_to_be(holding: Command) -> None:
    told = holding("validate")
    assert (told.code, told.out, told.err) == (0, SAME, "")
    assert holding("validate", "--json").json == {"result": "consistent", "differences": []}
    assert validate(holding, "--session", "s1")[0] == 0


def test_a_project_without_sessions_differs_from_nothing(cli: Command) -> None:
    assert validate(cli) == (0, SAME.splitlines())


def test_a_claim_that_was_switched_elsewhere_is_taken_anew(
    holding: Command, holdfast_url: str
) -> None:
    in_database(holdfast_url, "switch_directive", **fence(), sd_key="SD-2", lease_seconds=500)

    assert_repaired(
        holding,
        "⚠️ SD mismatch: file=SD-1, db_claim=SD-2",
        "⚠️ older file mismatch: auto-proceed-state=SD-1, db_claim=SD-2",
    )

    assert (cache()["s1"]["claim"]["sd_key"], json.loads(OLDER.read_text())["currentSd"]) == (
        "SD-2",
        "SD-2",
    )
    # The token is the right one, and the repair has prolonged nothing.
    shown = holding("session", "show", "--json").json
    assert shown["claim_expires_at"] == "2030-01-01T12:08:20+00:00"
    assert holding("session", "release", "--json").json["released"] == "SD-2"


def test_what_differs_is_kept_with_the_session_and_told_to_followers_once(
    holding: Command, holdfast_url: str
) -> None:
    in_database(holdfast_url, "switch_directive", **fence(), sd_key="SD-2", lease_seconds=500)
    for _ in range(2):
        holding("validate")
    holding("validate", "--fix")

    async def told() -> tuple[list[Any], list[Any]]:
        async with connected(holdfast_url) as connection:
            events = await connection.fetch(
                "select data from holdfast.events where type = 'session.diverged' order by seq"
            )
            kept = await connection.fetch(
                "select here, repaired, times from holdfast.session_divergences order by kind"
            )
        return [row["data"]["found"] for row in events], [tuple(row) for row in kept]

    events, kept = asyncio.run(told())
    assert kept == [("file=SD-1", True, 3), ("auto-proceed-state=SD-1", True, 3)]
    assert [[one["repaired"] for one in found] for found in events] == [[False] * 2, [True] * 2]
    assert events[0][0]["truth"] == "db_claim=SD-2"


def test_a_claim_that_was_released_elsewhere_is_forgotten(
    holding: Command, holdfast_url: str
) -> None:
    claim = cache()["s1"]["claim"]
    in_database(
        holdfast_url, "release_directive", sd_key="SD-1", epoch=claim["epoch"], token=claim["token"]
    )
    assert_repaired(
        holding,
        "⚠️ SD mismatch: file=SD-1, db_claim=none",
        "⚠️ older file mismatch: auto-proceed-state=SD-1, db_claim=none",
    )
    assert cache()["s1"]["claim"] is None


def test_a_claim_that_the_cache_does_not_know_is_taken_anew(holding: Command) -> None:
    change_cache(claim=None)
    assert_repaired(
        holding,
        "⚠️ SD mismatch: file=none, db_claim=SD-1",
        "⚠️ older file mismatch: auto-proceed-state=none, db_claim=SD-1",
    )
    assert holding("session", "release").code == 0


def test_a_phase_that_was_moved_elsewhere_is_written(holding: Command, holdfast_url: str) -> None:
    claim = cache()["s1"]["claim"]
    in_database(
        holdfast_url,
        "move_directive_phase",
        sd_key="SD-1",
        phase="PLAN",
        epoch=claim["epoch"],
        token=claim["token"],
    )
    assert_repaired(holding, "⚠️ phase mismatch: file=LEAD, db=PLAN")
    assert cache()["s1"]["claim"]["phase"] == "PLAN"


def test_a_session_that_ended_elsewhere_is_forgotten(holding: Command, holdfast_url: str) -> None:
    in_database(holdfast_url, "end_session", **fence())
    assert_repaired(
        holding,
        "⚠️ session mismatch: file=known, db=ended",
        "⚠️ older file mismatch: auto-proceed-state=SD-1, db_claim=none",
    )
    assert cache() == {}


def test_a_lease_that_ran_out_leaves_no_claim(holding: Command, holdfast_url: str) -> None:
    set_clock(holdfast_url, LATER)
    assert_repaired(
        holding,
        "⚠️ SD mismatch: file=SD-1, db_claim=none",
        "⚠️ older file mismatch: auto-proceed-state=SD-1, db_claim=none",
    )
    assert holding("session", "start", "--id", "s1").code == 0


def test_a_twin_that_has_taken_the_session_is_believed(holding: Command, holdfast_url: str) -> None:
    set_clock(holdfast_url, LATER)
    in_database(holdfast_url, "start_session", session_id="s1", holder="another machine")
    assert_repaired(
        holding,
        "⚠️ session mismatch: file=epoch 1, db=epoch 2",
        "⚠️ older file mismatch: auto-proceed-state=SD-1, db_claim=none",
    )
    assert cache() == {}


def test_a_session_of_another_database_is_forgotten(holding: Command) -> None:
    kept = Cache(Path(".holdfast")).read().sessions[0]
    other = dataclasses.replace(kept, session_id="elsewhere")
    Cache(Path(".holdfast")).update("elsewhere", VENTURE, lambda _: other)
    OLDER.unlink()
    assert_repaired(holding, "⚠️ session mismatch: file=known, db=unknown")
    assert list(cache()) == ["s1"]


def test_a_damaged_cache_is_put_aside(holding: Command) -> None:
    STATE.write_bytes(b"\x00 not json")
    assert_repaired(holding, "⚠️ cache mismatch: file=unreadable, db=not asked")
    [aside] = STATE.parent.glob("state.json.damaged-*")
    assert aside.read_bytes() == b"\x00 not json"


def test_a_damaged_cache_of_a_named_session_is_put_aside(holding: Command) -> None:
    STATE.write_bytes(b"\x00 not json")
    line = "⚠️ SD mismatch: file=unreadable, db_claim=SD-1"
    assert validate(holding, "--session", "s1") == (1, [line])
    assert validate(holding, "--session", "s1", "--fix") == (0, [f"{line} (repaired)"])
    # Its lease is gone with the cache: that is told, and only its end helps.
    told = holding("validate", "--session", "s1", "--fix")
    assert (told.code, told.out) == (1, "⚠️ SD mismatch: file=none, db_claim=SD-1\n")
    assert "resume it here with: holdfast session start --id ID" in told.err


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=200), older=st.binary(max_size=200))
def test_random_bytes_in_every_file_are_told_and_repaired(
    holding: Command, noise: bytes, older: bytes
) -> None:
    STATE.write_bytes(noise)
    OLDER.write_bytes(older)
    journal = Path(".holdfast/journal/entries.log")
    journal.parent.mkdir(exist_ok=True)
    journal.write_bytes(noise)

    told = holding("validate", "--fix")

    assert told.code == 0
    assert told.out == "⚠️ cache mismatch: file=unreadable, db=not asked (repaired)\n"
    assert "Traceback" not in told.err
    assert holding("validate", "--session", "s1", "--fix").code == 1  # its lease was in the cache
    assert json.loads(OLDER.read_text()).get("currentSd") in (None, "SD-1")
    assert Journal(journal.parent).read() == JournalState()


def test_the_older_file_is_repaired_and_keeps_what_it_does_not_know(holding: Command) -> None:
    OLDER.write_text('{"currentSd": "SD-2", "currentTask": "of SD-2", "more": 1}')
    assert_repaired(holding, "⚠️ older file mismatch: auto-proceed-state=SD-2, db_claim=SD-1")
    written = json.loads(OLDER.read_text())
    assert (written["currentSd"], written["currentTask"], written["more"]) == ("SD-1", None, 1)


# Git.


def test_a_branch_for_another_directive_is_told_and_switched_only_when_asked(
    holding: Command,
) -> None:
    git(Path.cwd(), "switch", "--quiet", "fix/SD-2")
    line = "⚠️ branch mismatch: branch=fix/SD-2, db_claim=SD-1"
    assert validate(holding) == (1, [line])
    told = holding("validate", "--fix")
    assert (told.code, told.out) == (1, f"{line}\n")
    assert told.err == "next:  Switch the branch, or: holdfast validate --fix --switch-branch\n"
    assert read_work_tree(Path.cwd()).branch == "fix/SD-2"

    assert validate(holding, "--fix", "--switch-branch") == (0, [f"{line} (repaired)"])

    assert read_work_tree(Path.cwd()).branch == "fix/SD-1"
    assert validate(holding)[0] == 0


def test_the_branch_that_the_session_recorded_is_switched_back_to(holding: Command) -> None:
    git(Path.cwd(), "switch", "--quiet", "-c", "dev")
    line = "⚠️ branch mismatch: branch=dev, session=main"
    assert validate(holding, "--fix", "--switch-branch") == (0, [f"{line} (repaired)"])
    assert read_work_tree(Path.cwd()).branch == "main"


def test_a_branch_that_git_does_not_switch_to_is_told(holding: Command) -> None:
    git(Path.cwd(), "switch", "--quiet", "fix/SD-2")
    git(Path.cwd(), "branch", "--quiet", "--delete", "fix/SD-1")
    assert validate(holding, "--fix", "--switch-branch") == (
        1,
        [
            "⚠️ branch mismatch: branch=fix/SD-2, db_claim=SD-1 (not repaired: No branch is named after SD-1.)"
        ],
    )
    assert read_work_tree(Path.cwd()).branch == "fix/SD-2"


def test_switching_needs_fix(holding: Command) -> None:
    told = holding("validate", "--switch-branch")
    assert told.code == 2
    assert "it goes with --fix" in told.err


def test_another_work_tree_is_told(
    holding: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "worktree", "add", "--quiet", "tree", "fix/SD-2")
    shutil.copytree(".holdfast", "tree/.holdfast")
    monkeypatch.chdir(tmp_path / "tree")
    told = holding("validate", "--fix", "--switch-branch")
    line = f"⚠️ worktree mismatch: here={tmp_path}/tree, session={tmp_path}\n"
    assert (told.code, told.out) == (1, line)
    assert told.err.startswith("next:  Go to where the session is")


def test_no_git_at_all_is_no_difference(holding: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(".git")
    monkeypatch.setenv("PATH", "")
    assert validate(holding) == (0, SAME.splitlines())


def test_a_start_tells_what_differs(holding: Command, holdfast_url: str) -> None:
    set_clock(holdfast_url, LATER)
    told = holding("session", "start", "--id", "s1", "--json")
    assert told.code == 0
    assert told.err.splitlines() == [
        "⚠️ SD mismatch: file=SD-1, db_claim=none",
        "⚠️ older file mismatch: auto-proceed-state=SD-1, db_claim=none",
    ]


# What it cannot tell.


def test_without_the_database_it_cannot_tell(holding: Command, away: Away) -> None:
    away(True)
    told = holding("validate", "--fix")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: cannot validate: The database at ")
    assert len(told.err.splitlines()) == 2
    told = holding("validate", "--json")
    assert (told.code, json.loads(told.out)["result"]) == (2, "cannot tell")


def test_of_a_session_that_nobody_knows_it_cannot_tell(holding: Command) -> None:
    told = holding("validate", "--session", "nobody")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error: cannot validate: There is no session nobody.\n")


def test_what_is_in_the_journal_is_sent_before_anything_is_compared(
    holding: Command, away: Away
) -> None:
    away(True)
    assert holding("session", "release").code == 0
    away(False)
    told = holding("validate")
    assert (told.code, told.out) == (0, SAME)
    assert told.err == "note: journaled writes that are in the database now: 1\n"


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_lost(
    holding: Command, holdfast_url: str
) -> None:
    in_database(holdfast_url, "end_session", **fence())
    Path(".holdfast/state.lock").unlink()
    Path(".holdfast/state.lock").mkdir()
    before = STATE.read_bytes()
    OLDER.unlink()
    code, [line] = validate(holding, "--fix")
    assert code == 1
    assert line.startswith("⚠️ session mismatch: file=known, db=ended (not repaired: The cache ")
    assert STATE.read_bytes() == before


# For hooks.


def reconciled(url: str, **options: Any) -> Reconciled:
    async def work() -> Reconciled:
        engine = PostgresEngine(url, settings=Settings())
        await engine.open()
        try:
            return await reconcile(
                engine=engine, venture_id=VENTURE, session_id="s1", start=Path.cwd(), **options
            )
        finally:
            await engine.close()

    return asyncio.run(work())


def test_reconciling_sends_compares_and_repairs_in_one_call(
    holding: Command, holdfast_url: str, away: Away
) -> None:
    assert reconciled(holdfast_url).lines == ()
    in_database(holdfast_url, "switch_directive", **fence(), sd_key="SD-2")
    away(True)
    holding("directive", "move", "SD-1", "PLAN")

    told = reconciled(holdfast_url)

    assert told.lines[0].startswith("not applied: move_directive_phase of s1")
    assert told.lines[1:] == (
        "⚠️ SD mismatch: file=SD-1, db_claim=SD-2 (repaired)",
        "⚠️ older file mismatch: auto-proceed-state=SD-1, db_claim=SD-2 (repaired)",
    )
    assert told.is_consistent
    assert reconciled(holdfast_url).lines == ()


def test_reconciling_without_the_database_says_that_it_cannot_tell(work_dir: Path) -> None:
    async def work() -> Reconciled:
        engine = PostgresEngine("postgresql:///x?host=/nowhere", settings=Settings())
        return await reconcile(engine=engine, venture_id=VENTURE, session_id="s1", start=Path.cwd())

    told = asyncio.run(work())
    assert told.lines == ("cannot validate: The connection is not open.",)
    assert not told.is_consistent


def test_the_clock_may_jump_and_the_same_is_told(holding: Command, holdfast_url: str) -> None:
    set_clock(holdfast_url, "1999-01-01 00:00:00+00")
    assert validate(holding) == (0, SAME.splitlines())
    set_clock(holdfast_url, "2999-01-01 00:00:00+00")
    assert validate(holding)[0] == 1

    async def held() -> Any:
        async with connected(holdfast_url) as connection:
            return await call_row(connection, "start_session", session_id="s1")

    assert asyncio.run(held())["resumed"]
