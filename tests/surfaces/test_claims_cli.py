"""Why a claim is refused, and how one is taken over: `holdfast session claim | switch`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.support.command_line import Command, added, cache, events, set_clock, started
from tests.support.patience import PATIENCE_SECONDS
from tests.support.sql import connected

WAITING = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock'"
)
PROGRAM = [sys.executable, "-m", "holdfast"]

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
