"""Sessions and directives as a person and an agent meet them: `holdfast session` and `holdfast directive`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.command_line import Command, added, cache, events, set_clock, started
from tests.support.patience import PATIENCE_SECONDS
from tests.support.sql import connected

WAITING = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'"
)
TREE = """
key: SD-ROOT
title: Everything
description: All there is.
children:
  - key: SD-B
    title: The second
    priority: 20
    needs: [SD-A]
  - {key: SD-A, title: The first, priority: 10, verify: make test}
"""
PROGRAM = [sys.executable, "-m", "holdfast"]


# A session and what it holds.


def test_a_session_is_started_found_and_ended(cli: Command) -> None:
    made = cli("session", "start", "--agent", "claude", "--json").json

    assert UUID(made["session_id"])
    assert (made["state"], made["agent"], made["resumed"]) == ("running", "claude", False)
    assert made["lease_expires_at"] == "2030-01-01T12:15:00+00:00"
    assert made["metadata"]["branch"] == "feature/one"
    assert "token" not in made
    assert cli("session", "show", "--json").json["session_id"] == made["session_id"]
    assert [s["session_id"] for s in cli("session", "list", "--json").json] == [made["session_id"]]
    assert cli("session", "end", "--reason", "done", "--json").json["state"] == "ended"
    assert cli("session", "list", "--json").json == []
    assert cache() == {}
    [ended] = cli("session", "list", "--all", "--json").json
    assert (ended["state"], ended["end_reason"]) == ("ended", "done")
    cli("session", "heartbeat").assert_refused(
        "No session lives here.", "Start one with: holdfast session start"
    )


def test_two_starts_are_two_sessions(cli: Command) -> None:
    ids = {cli("session", "start", "--json").json["session_id"] for _ in range(2)}
    assert len(ids) == 2


def test_a_session_claims_switches_and_releases(cli: Command, holdfast_url: str) -> None:
    added(cli, "SD-1", "SD-2")
    started(cli, "s1")

    claimed = cli("session", "claim", "SD-1", "--json").json
    assert (claimed["sd_key"], claimed["mechanism"], claimed["phase"]) == ("SD-1", "free", "LEAD")
    assert "token" not in claimed
    assert cache()["s1"]["claim"]["sd_key"] == "SD-1"
    switched = cli("session", "switch", "SD-2", "--json").json
    assert (switched["sd_key"], switched["released"]) == ("SD-2", "SD-1")
    assert cli("directive", "show", "SD-1", "--json").json["held_by"] is None
    assert cli("directive", "show", "SD-2", "--json").json["held_by"] == "s1"
    assert cli("session", "release", "--json").json == {"session_id": "s1", "released": "SD-2"}
    assert cache()["s1"]["claim"] is None
    cli("session", "release").assert_refused(
        "The session s1 holds nothing.", "Claim something with: holdfast session claim KEY"
    )
    assert [e["sd_key"] for e in events(holdfast_url, "directive.released")] == ["SD-1", "SD-2"]


def test_people_are_told_on_one_line_each(cli: Command) -> None:
    added(cli, "SD-1", "SD-2")
    assert "session s1 started, lease until 12:15:00 UTC" in cli("session", "start", "--id", "s1").out  # fmt: skip
    assert cli("session", "claim", "SD-1").out == "SD-1 (LEAD) is held by s1 until 12:15:00 UTC\n"
    assert cli("session", "switch", "SD-2").out.splitlines()[0] == "SD-1 is released"
    assert "SD-2 (LEAD) until" in cli("session", "show").out
    assert "s1" in cli("session", "list").out
    assert "may be silent until 12:30:00 UTC" in cli("session", "silence", "30").out
    assert "of s1 and of SD-2 lasts until 12:15:00 UTC" in cli("session", "heartbeat").out
    assert cli("session", "release").out == "SD-2 is released\n"
    assert cli("session", "end").out == "session s1 ended\n"


def test_a_switch_that_is_refused_gives_nothing_back(cli: Command) -> None:
    added(cli, "SD-1", "SD-2")
    started(cli, "s1")
    started(cli, "s2")
    cli("session", "claim", "SD-1", "--session", "s1")
    cli("session", "claim", "SD-2", "--session", "s2")

    refused = cli("session", "switch", "SD-2", "--session", "s1")

    refused.assert_refused(
        "SD-2 is held by s2 since 2030-01-01 12:00:00+00, until 2030-01-01 12:15:00+00.",
        "Wait until its lease ends, or take it over with a reason.",
    )
    assert cli("directive", "show", "SD-1", "--json").json["held_by"] == "s1"
    assert cli("session", "release", "--session", "s1", "--json").json["released"] == "SD-1"


def test_names_with_marks_of_the_terminals_own_are_shown_as_they_are(cli: Command) -> None:
    started(cli, "[/bold]")
    cli("directive", "add", "SD-1", "[/red] title", "--description", "[/x]", "--verify", "[/y]")
    assert "[/bold]" in cli("session", "claim", "SD-1").out
    for command in (
        ["session", "show"],
        ["session", "list"],
        ["session", "heartbeat"],
        ["session", "silence", "1"],
        ["directive", "list"],
        ["directive", "tree"],
        ["directive", "show", "SD-1"],
        ["directive", "move", "SD-1", "PLAN"],
        ["session", "end"],
    ):
        told = cli(*command)
        assert (told.code, told.err) == (0, ""), command
        assert "[/" in told.out, command


# Which session a command is of.


def test_the_option_wins_over_the_variable_and_that_over_the_only_one(
    cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(cli, "s1")
    assert cli("session", "heartbeat", "--json").json["session_id"] == "s1"
    started(cli, "s2")
    cli("session", "heartbeat").assert_refused(
        "2 sessions live here: s1, s2.", "Name one with --session or HOLDFAST_SESSION."
    )
    monkeypatch.setenv("HOLDFAST_SESSION", "s2")
    assert cli("session", "heartbeat", "--json").json["session_id"] == "s2"
    assert cli("session", "heartbeat", "--session", "s1", "--json").json["session_id"] == "s1"


def test_one_whose_lease_ran_out_is_not_the_only_one(cli: Command, holdfast_url: str) -> None:
    started(cli, "s1")
    set_clock(holdfast_url, "2030-01-01 12:16+00")
    cli("session", "heartbeat").assert_refused(
        "No session lives here; these have lost their lease: s1.",
        "Resume one with: holdfast session start --id s1",
    )
    started(cli, "s2")
    assert cli("session", "heartbeat", "--json").json["session_id"] == "s2"
    assert cli("session", "start", "--id", "s1", "--json").json["resumed"] is True


def test_a_session_of_another_place_is_not_used(
    cli: Command, work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(cli, "s1")
    elsewhere = work_dir / "elsewhere"
    (elsewhere / ".git").mkdir(parents=True)
    monkeypatch.chdir(elsewhere)

    cli("session", "heartbeat", "--session", "s1").assert_refused(
        f"The lease of the session s1 is not kept in {elsewhere}/.holdfast/state.json.",
        "Once that lease is over, resume it here with: holdfast session start --id s1",
    )
    assert cli("session", "show", "--session", "s1", "--json").json["is_live"] is True
    twin = cli("session", "start", "--id", "s1")
    assert (twin.code, "The session s1 is running under a lease of" in twin.err) == (1, True)


# Why a claim is refused, word for word.


def test_a_claim_that_is_refused_says_why(cli: Command) -> None:
    started(cli, "s1")
    added(cli, "SD-DONE", "SD-STUCK", "SD-OPEN", "SD-OTHER")
    cli("directive", "add", "SD-DRAFT", "draft", "--draft")
    cli("directive", "add", "SD-LATER", "later", "--needs", "SD-OPEN", "--needs", "SD-OTHER")
    cli("directive", "complete", "SD-DONE")
    cli("directive", "block", "SD-STUCK", "--reason", "no licence")

    for key, error, hint in (
        ("SD-OPNE", "There is no directive SD-OPNE.", "Did you mean SD-OPEN?"),
        ("zzz", "There is no directive zzz.", "List them with: holdfast directive list"),
        (
            "SD-DONE",
            "SD-DONE is completed; only an active directive can be claimed.",
            "Its work is over.",
        ),
        (
            "SD-DRAFT",
            "SD-DRAFT is draft; only an active directive can be claimed.",
            "Move it to active first.",
        ),
        (
            "SD-STUCK",
            "SD-STUCK is blocked: no licence.",
            "Move it to active when that is out of the way.",
        ),
        ("SD-LATER", "SD-LATER needs SD-OPEN, SD-OTHER first.", "Complete these first."),
    ):
        cli("session", "claim", key).assert_refused(error, hint)
        cli("session", "switch", key).assert_refused(error, hint)
    assert cache()["s1"]["claim"] is None


def test_a_session_holds_one_directive_at_a_time(cli: Command) -> None:
    added(cli, "SD-1", "SD-2")
    started(cli, "s1")
    cli("session", "claim", "SD-1")

    cli("session", "claim", "SD-2").assert_refused(
        "The session s1 holds SD-1; a session holds one directive at a time.",
        "Release SD-1 first, or switch.",
    )


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (
            ["--force"],
            "--force takes a directive from another session; that needs a reason.",
            'Say why: --force --reason "…"',
        ),
        (
            ["--force", "--reason", " "],
            "--force takes a directive from another session; that needs a reason.",
            'Say why: --force --reason "…"',
        ),
        (
            ["--reason", "why not"],
            "--reason says why a directive is taken from another session; it goes with --force.",
            "Leave it out, or add --force.",
        ),
    ],
)
def test_force_and_reason_go_together(
    cli: Command, arguments: list[str], error: str, hint: str
) -> None:
    cli("session", "claim", "SD-1", *arguments).assert_refused(error, hint)
    cli("session", "switch", "SD-1", *arguments).assert_refused(error, hint)


# Take-overs.


@pytest.mark.parametrize("verb", ["claim", "switch"])
def test_a_claim_whose_lease_ran_out_is_taken_over_by_asking(
    cli: Command, holdfast_url: str, verb: str
) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    cli("session", "claim", "SD-1")
    set_clock(holdfast_url, "2030-01-01 12:16+00")
    started(cli, "s2")

    taken = cli("session", verb, "SD-1", "--json").json

    assert (taken["mechanism"], taken["taken_from"]) == ("expired", "s1")
    last = events(holdfast_url, "directive.claimed")[-1]
    assert (last["mechanism"], last["from"], last["session_id"]) == ("expired", "s1", "s2")
    assert "reason" not in last


@pytest.mark.parametrize("verb", ["claim", "switch"])
def test_a_living_claim_is_taken_over_by_force_with_a_reason(
    cli: Command, holdfast_url: str, verb: str
) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    cli("session", "claim", "SD-1")
    started(cli, "s2")

    told = cli("session", verb, "SD-1", "--session", "s2", "--force", "--reason", "s1 hangs")

    assert told.out == "SD-1 (LEAD) is held by s2 until 12:15:00 UTC, taken over from s1 (forced)\n"
    last = events(holdfast_url, "directive.claimed")[-1]
    assert (last["mechanism"], last["from"], last["reason"]) == ("forced", "s1", "s1 hangs")
    cli("session", "heartbeat", "--session", "s1").assert_refused(
        "The session s1 lives, but has lost SD-1: s2 holds it since 2030-01-01 12:00:00+00:00,"
        " until 2030-01-01 12:15:00+00:00.",
        "Stop that work; to go on: holdfast session claim SD-1",
    )
    assert cli("session", "heartbeat", "--session", "s1", "--json").json["sd_key"] is None


def test_who_lost_a_claim_cannot_release_or_move_it(cli: Command) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    cli("session", "claim", "SD-1")
    started(cli, "s2")
    cli("session", "claim", "SD-1", "--session", "s2", "--force", "--reason", "s1 hangs")

    lost = "The lease on directive SD-1 (epoch 1) was taken by s2 (epoch 2)."
    stop = "Stop this work; another holder may be doing it."
    cli("directive", "complete", "SD-1", "--session", "s1").assert_refused(lost, stop)
    cli("session", "release", "--session", "s1").assert_refused(lost, stop)
    assert cli("directive", "show", "SD-1", "--json").json["held_by"] == "s2"


def test_who_switches_is_told_what_it_had_lost(cli: Command) -> None:
    added(cli, "SD-1", "SD-2")
    for session_id in ("s1", "s2"):
        started(cli, session_id)
    cli("session", "claim", "SD-1", "--session", "s1")
    cli("session", "claim", "SD-1", "--session", "s2", "--force", "--reason", "s1 hangs")

    told = cli("session", "switch", "SD-2", "--session", "s1", "--json").json

    assert (told["lost"], told["released"]) == ("SD-1", None)
    assert cli("session", "switch", "SD-2", "--session", "s1", "--json").json["lost"] is None


def test_a_session_that_was_resumed_elsewhere_is_fenced_here(
    cli: Command, holdfast_url: str, work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    set_clock(holdfast_url, "2030-01-01 12:16+00")
    (work_dir / "elsewhere" / ".git").mkdir(parents=True)
    monkeypatch.chdir(work_dir / "elsewhere")
    started(cli, "s1")
    monkeypatch.chdir(work_dir)

    for command in (["heartbeat"], ["claim", "SD-1"], ["silence", "5"], ["end"]):
        refused = cli("session", *command, "--session", "s1")
        assert refused.code == 1
        assert refused.err.startswith("error: The lease on session s1 (epoch 1) was taken by ")
        assert refused.err.endswith("next:  Stop this work; another holder may be doing it.\n")


def test_a_session_that_was_resumed_goes_on_with_what_it_held(
    cli: Command, holdfast_url: str
) -> None:
    added(cli, "SD-1", "SD-2")
    started(cli, "s1")
    cli("session", "claim", "SD-1")
    set_clock(holdfast_url, "2030-01-01 12:16+00")

    assert "It held SD-1. Go on with: holdfast session claim SD-1" in cli("session", "start", "--id", "s1").out  # fmt: skip
    assert cli("session", "claim", "SD-1", "--json").json["mechanism"] == "again"


def test_an_expired_claim_of_its_own_does_not_keep_a_session_from_another(
    cli: Command, holdfast_url: str
) -> None:
    added(cli, "SD-1", "SD-2")
    started(cli, "s1")
    cli("session", "claim", "SD-1")
    set_clock(holdfast_url, "2030-01-01 12:16+00")
    again = cli("session", "start", "--id", "s1", "--json")
    assert (again.code, again.err) == (0, "⚠️ SD mismatch: file=SD-1, db_claim=none\n")

    assert cli("session", "claim", "SD-2", "--json").json["mechanism"] == "free"
    [released] = events(holdfast_url, "directive.released")
    assert released["reason"].startswith("its lease ran out at 2030-01-01 12:15:00")


def test_a_process_killed_before_it_kept_its_claim_loses_nothing(cli: Command) -> None:
    added(cli, "SD-1", "SD-2")
    started(cli, "s1")

    killed("after claim_directive 1", "session", "claim", "SD-1")
    assert cache()["s1"]["claim"] is None
    assert cli("session", "show", "--json").json["sd_key"] == "SD-1"
    assert cli("session", "release", "--json").json["released"] == "SD-1"

    cli("session", "claim", "SD-1")
    killed("after switch_directive 1", "session", "switch", "SD-2")
    cli("session", "heartbeat").assert_refused(
        "The session s1 lives, but has lost SD-1: nobody holds it; it is active.",
        "Stop that work; to go on with SD-2, which it holds: holdfast session claim SD-2",
    )
    assert cli("session", "claim", "SD-2", "--json").json["mechanism"] == "again"

    killed("before release_directive 1", "session", "release")
    assert cli("session", "release", "--json").json["released"] == "SD-2"


def test_a_process_killed_before_it_kept_its_session_is_waited_for(
    cli: Command, holdfast_url: str
) -> None:
    killed("after start_session 1", "session", "start", "--id", "s1")
    twin = cli("session", "start", "--id", "s1")
    assert (twin.code, "is running under a lease of" in twin.err) == (1, True)
    set_clock(holdfast_url, "2030-01-01 12:15+00")
    assert cli("session", "start", "--id", "s1", "--json").json["resumed"] is True


def killed(failpoint: str, *arguments: str) -> None:
    """Run a command in a process that dies at a failpoint."""
    environment = {**os.environ, "HOLDFAST_FAILPOINT": failpoint}
    ended = subprocess.run([*PROGRAM, *arguments], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("verb", ["claim", "switch"])
@pytest.mark.parametrize("mechanism", ["free", "expired"])
def test_one_of_eight_processes_claims_and_the_others_are_told_by_whom(
    cli: Command, holdfast_url: str, verb: str, mechanism: str
) -> None:
    added(cli, "SD-1")
    if mechanism == "expired":
        started(cli, "dead")
        cli("session", "claim", "SD-1")
        set_clock(holdfast_url, "2030-01-01 12:20+00")
    for number in range(8):
        started(cli, f"s{number}")

    told = asyncio.run(raced(holdfast_url, verb))

    [(winner, out)] = [(n, out) for n, (code, out, _) in enumerate(told) if code == 0]
    assert json.loads(out)["mechanism"] == mechanism
    assert cli("directive", "show", "SD-1", "--json").json["held_by"] == f"s{winner}"
    assert [name for name, one in cache().items() if one["claim"]] == [
        *(["dead"] if mechanism == "expired" else []),
        f"s{winner}",
    ]
    for n, (code, out, err) in enumerate(told):
        if n != winner:
            assert (code, out) == (1, "")
            assert err.startswith(f"error: SD-1 is held by s{winner} since 2030-01-01 12:"), err


async def raced(url: str, verb: str) -> list[tuple[int | None, str, str]]:
    """Eight processes that ask for SD-1, let go once all of them wait for its row: how each ended and what it told."""
    arguments = ["session", verb, "SD-1", "--json", "--session"]
    async with connected(url) as referee, connected(url) as watcher:
        async with referee.transaction():
            await referee.execute("select from holdfast.directives for update")
            racers = [
                await asyncio.create_subprocess_exec(
                    *PROGRAM, *arguments, f"s{n}", stdout=PIPE, stderr=PIPE
                )
                for n in range(8)
            ]
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await watcher.fetchval(WAITING) < len(racers):
                    await asyncio.sleep(0.01)
        said = [await racer.communicate() for racer in racers]
    return [
        (racer.returncode, out.decode(), err.decode())
        for racer, (out, err) in zip(racers, said, strict=True)
    ]


# Leases between commands.


def test_a_heartbeat_renews_session_and_claim(cli: Command, holdfast_url: str) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    cli("session", "claim", "SD-1")
    set_clock(holdfast_url, "2030-01-01 12:10+00")

    beat = cli("session", "heartbeat", "--json").json

    assert (beat["expires_at"], beat["claim_expires_at"]) == ("2030-01-01T12:25:00+00:00",) * 2
    assert (beat["sd_key"], beat["claim_held"], beat["silence_ended"]) == ("SD-1", True, False)


def test_a_claim_renews_its_session(cli: Command, holdfast_url: str) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    set_clock(holdfast_url, "2030-01-01 12:14+00")
    cli("session", "claim", "SD-1")
    assert cli("session", "show", "--json").json["lease_expires_at"] == "2030-01-01T12:29:00+00:00"


def test_a_silent_session_keeps_what_it_holds_until_then(cli: Command, holdfast_url: str) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    cli("session", "claim", "SD-1")
    told = cli("session", "silence", "45", "--reason", "a long build", "--json").json
    assert told["expected_silence_until"] == "2030-01-01T12:45:00+00:00"
    set_clock(holdfast_url, "2030-01-01 12:44+00")

    assert cli("session", "show", "--json").json["claim_expires_at"] == "2030-01-01T12:45:00+00:00"
    assert cli("session", "heartbeat", "--json").json["silence_ended"] is True
    assert cli("session", "show", "--json").json["expected_silence_until"] is None


@pytest.mark.parametrize("minutes", ["46", "0", "nan", "45.01"])
def test_a_silence_is_at_most_45_minutes(cli: Command, minutes: str) -> None:
    started(cli, "s1")
    shown = {"nan": "NaN"}.get(minutes, minutes)
    cli("session", "silence", minutes).assert_refused(
        f"minutes = {shown} is not between 0 and 45.",
        "Declare at most 45 minutes, and declare again when they are over.",
    )


# The cache.


def test_a_damaged_cache_is_told_and_put_aside(cli: Command) -> None:
    started(cli, "s1")
    Path(".holdfast/state.json").write_text("{]")

    cli("session", "heartbeat").assert_refused(
        f"{Path.cwd()}/.holdfast/state.json is damaged: it is not JSON.",
        "Start a session with: holdfast session start",
    )
    begun = cli("session", "start", "--id", "s2")
    assert (begun.code, begun.err.splitlines()) == (
        0,
        [
            f"warning: {Path.cwd()}/.holdfast/state.json is damaged: it is not JSON. It is put aside."
        ],
    )
    assert [file.read_text() for file in Path(".holdfast").glob("*damaged*")] == ["{]"]
    assert cli("session", "heartbeat", "--json").json["session_id"] == "s2"


def test_a_place_that_cannot_be_written_is_told_before_a_session_is_made(cli: Command) -> None:
    Path(".holdfast").write_text("a file")
    cli("session", "start").assert_refused(
        f"The cache {Path.cwd()}/.holdfast/state.json cannot be written: File exists.",
        "Make the folder writable; the cache keeps the session's lease between commands.",
    )
    assert cli("session", "list", "--all", "--json").json == []


# Directives.


def test_a_tree_is_imported_once(cli: Command) -> None:
    Path("tree.yaml").write_text(TREE)

    assert cli("directive", "import", "tree.yaml", "--json").json == {
        "created": ["SD-ROOT", "SD-B", "SD-A"],
        "unchanged": [],
    }
    before = cli("directive", "tree", "--json").json
    assert cli("directive", "import", "tree.yaml", "--json").json == {
        "created": [],
        "unchanged": ["SD-ROOT", "SD-B", "SD-A"],
    }
    assert cli("directive", "tree", "--json").json == before
    assert [(d["sd_key"], d["depth"], d["priority"]) for d in before] == [
        ("SD-ROOT", 0, 100),
        ("SD-A", 1, 10),
        ("SD-B", 1, 20),
    ]
    shown = cli("directive", "show", "SD-B", "--json").json
    assert (shown["needs"], shown["waits_for"], shown["parent_key"]) == (["SD-A"], ["SD-A"], "SD-ROOT")  # fmt: skip
    assert cli("directive", "show", "SD-A", "--json").json["verification"] == "make test"
    assert cli("directive", "show", "SD-ROOT", "--json").json["children"] == ["SD-A", "SD-B"]


def test_a_tree_that_has_grown_adds_what_is_new(cli: Command) -> None:
    Path("tree.yaml").write_text(TREE)
    cli("directive", "import", "tree.yaml")
    Path("tree.yaml").write_text(TREE + "  - {key: SD-C, needs: [SD-B]}\n")

    told = cli("directive", "import", "tree.yaml")

    assert told.out.splitlines() == [
        "unchanged  SD-ROOT",
        "unchanged  SD-B",
        "unchanged  SD-A",
        "created    SD-C",
        "1 created, 3 unchanged",
    ]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("The second", "Another", "title"),
        ("All there is.", "Some of it.", "description"),
        ("priority: 20", "priority: 21", "priority"),
        ("make test", "make check", "verify"),
        ("[SD-A]", "[]", "needs"),
    ],
)
def test_a_tree_that_says_something_else_changes_nothing(
    cli: Command, old: str, new: str, field: str
) -> None:
    Path("tree.yaml").write_text(TREE)
    cli("directive", "import", "tree.yaml")
    before = cli("directive", "tree", "--json").json
    Path("tree.yaml").write_text(TREE.replace(old, new) + "  - {key: SD-C}\n")

    refused = cli("directive", "import", "tree.yaml")

    assert refused.code == 1
    assert f"exists already with another {field}." in refused.err
    assert "Nothing was imported." in refused.err
    assert cli("directive", "tree", "--json").json == before


def test_a_tree_may_need_what_is_there_and_not_what_is_nowhere(cli: Command) -> None:
    added(cli, "SD-0")
    Path("tree.yaml").write_text("{key: SD-1, needs: [SD-0]}")
    assert cli("directive", "import", "tree.yaml", "--json").json["created"] == ["SD-1"]
    Path("tree.yaml").write_text("{key: SD-2, needs: [SD-9]}")
    refused = cli("directive", "import", "tree.yaml")
    assert (refused.code, refused.err.splitlines()[0]) == (1, "error: There is no directive SD-9.")
    assert {d["sd_key"] for d in cli("directive", "list", "--json").json} == {"SD-0", "SD-1"}


def test_a_directive_goes_through_its_phases(cli: Command) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    cli("session", "claim", "SD-1")

    assert cli("directive", "move", "SD-1", "plan", "--json").json["phase"] == "PLAN"
    assert cache()["s1"]["claim"]["phase"] == "PLAN"
    cli("directive", "move", "SD-1", "LEAD").assert_refused(
        "reason is empty; going back from PLAN to LEAD needs one.", "Give a reason."
    )
    assert cli("directive", "move", "SD-1", "LEAD", "--reason", "again", "--json").json["phase"] == "LEAD"  # fmt: skip
    assert cli("directive", "complete", "SD-1").out == "SD-1 is completed in LEAD\n"
    assert cache()["s1"]["claim"] is None
    assert cli("session", "show", "--json").json["sd_key"] is None


def test_what_a_session_holds_is_moved_by_nobody_else(cli: Command) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    started(cli, "s2")
    cli("session", "claim", "SD-1", "--session", "s1")

    for arguments in (["--session", "s2"], []):
        cli("directive", "complete", "SD-1", *arguments).assert_refused(
            "directive SD-1 is under a lease of s1 until 2030-01-01 12:15:00+00; this call brought no token.",
            "Bring the token of that lease, or wait until it is released.",
        )


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["show", "SD-2"], "There is no directive SD-2.", "Did you mean SD-1?"),
        (["tree", "SD-2"], "There is no directive SD-2.", "Did you mean SD-1?"),
        (["complete", "SD-2"], "There is no directive SD-2.", "Did you mean SD-1?"),
        (["move", "SD-1", "activ"], "activ is no status and no phase of a directive.", "Did you mean active?"),
        (["move", "SD-1", "EXEC"], "directive SD-1 is LEAD; from there it cannot become EXEC.",
            "Read its state again; the allowed moves are drawn in ARCHITECTURE.md."),
        (["add", "SD-2", "t", "--parent", "SD-11"], "There is no directive SD-11.", "Did you mean SD-1?"),
        (["add", "SD-2", "t", "--needs", "SD-11"], "There is no directive SD-11.", "Did you mean SD-1?"),
        (["add", "SD-1", "again"], "The directive SD-1 exists already.", "Choose another key."),
        (["import", "no.yaml"], "no.yaml cannot be read: [Errno 2] No such file or directory: 'no.yaml'",
            "Name an existing YAML file."),
    ],
)  # fmt: skip
def test_a_wrong_word_about_a_directive_is_told(
    cli: Command, arguments: list[str], error: str, hint: str
) -> None:
    added(cli, "SD-1")
    cli("directive", *arguments).assert_refused(error, hint)


def test_lists_show_who_holds_what(cli: Command) -> None:
    Path("tree.yaml").write_text(TREE)
    assert "directive add" in cli("directive", "list").out
    cli("directive", "import", "tree.yaml")
    started(cli, "s1")
    cli("session", "claim", "SD-A")

    tree = cli("directive", "tree").out
    assert [line.split()[0] for line in tree.splitlines()] == [
        "directive",
        "SD-ROOT",
        "SD-A",
        "SD-B",
    ]
    assert "s1" in tree
    assert "waits for SD-A" in tree
    assert "s1 since" in cli("directive", "show", "SD-A").out
    Path("Makefile").write_text("test:\n\t@true\n")  # its verification is: make test
    cli("directive", "complete", "SD-A")
    [done] = cli("directive", "list", "--status", "completed", "--json").json
    assert done["sd_key"] == "SD-A"
    assert len(cli("directive", "list", "--json").json) == 2


def test_a_name_with_brackets_is_shown_as_it_is(cli: Command) -> None:
    assert cli("session", "start", "--id", "[/x]").code == 0
    assert "[/x]" in cli("status").out
    assert "[/x]" in cli("session", "list").out
