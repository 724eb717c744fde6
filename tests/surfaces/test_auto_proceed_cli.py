"""A session that goes on by itself, as a person and an agent meet it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.support.command_line import Command, cache, events, set_clock, started
from tests.support.sql import call, connected

TREE = """
key: SD-1
title: Accounts
verify: test -f whole
children:
  - {key: SD-2, title: Login page, verify: "echo looking; test -f login", priority: 1}
  - {key: SD-3, title: Logout, priority: 2}
"""
LATER = "2030-01-01 13:00:00+00"


@pytest.fixture
def walking(cli: Command) -> Command:
    """A session that has been told the first child."""
    Path("tree.yaml").write_text(TREE)
    cli("directive", "import", "tree.yaml")
    started(cli, "s1")
    told = cli("session", "auto-proceed", "on", "--orchestrator", "SD-1")
    assert told.out == "continue with SD-2 (LEAD): Login page\nbecause next by priority, then age\n"
    return cli


# Completing with evidence.


def test_complete_runs_the_verification_and_leaves_a_directive_open_when_it_fails(
    walking: Command, holdfast_url: str
) -> None:
    failed = walking("directive", "complete", "SD-2")
    assert (failed.code, failed.out) == (1, "")
    assert failed.err.splitlines() == [
        "looking",
        "error: SD-2 is not done; its verification did not pass: echo looking; test -f login: exit code 1.",
        "next:  It stays as it is: correct what was found and complete it again.",
    ]
    assert walking("directive", "show", "SD-2", "--json").json["status"] == "active"

    Path("login").touch()
    assert walking("directive", "complete", "SD-2").out == "SD-2 is completed in LEAD\n"
    [done] = events(holdfast_url, "directive.completed")
    assert done["evidence"]["command"] == "echo looking; test -f login"
    assert (done["evidence"]["exit_code"], done["evidence"]["output_tail"]) == (0, "looking\n")
    assert cache()["s1"]["claim"] is None


def test_a_verification_that_does_not_end_is_ended_with_all_that_it_started(
    cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_VERIFICATION_TIMEOUT_SECONDS", "0.5")
    cli("directive", "add", "SD-1", "t", "--verify", "sleep 600 & echo $! > child; wait")
    failed = cli("directive", "complete", "SD-1")
    assert failed.code == 1
    assert "ended at its time limit" in failed.err
    child = Path("/proc") / Path("child").read_text().strip()
    assert not child.exists() or "Z" in (child / "stat").read_text().split()[2]


def test_an_operator_completes_unverified_with_a_reason_that_is_kept(
    cli: Command, holdfast_url: str
) -> None:
    cli("directive", "add", "SD-1", "t", "--verify", "false")
    cli("directive", "complete", "SD-1", "--unverified").assert_refused(
        "--unverified completes a directive without its verification; that needs a reason.",
        'Say why: --unverified --reason "…"',
    )
    cli("directive", "complete", "SD-1", "--unverified", "--reason", "seen by eye")
    [done] = events(holdfast_url, "directive.completed")
    assert (done["unverified"], done["reason"]) == (True, "seen by eye")


def test_nothing_is_run_for_a_directive_that_somebody_else_holds_or_that_is_over(
    walking: Command,
) -> None:
    walking("directive", "add", "SD-9", "t", "--verify", "touch ran; false", "--draft")
    assert "is draft; from there it cannot become completed" in walking("directive", "complete", "SD-9").err  # fmt: skip
    walking("directive", "move", "SD-9", "active")
    started(walking, "s2")
    walking("session", "claim", "SD-9", "--session", "s2")
    refused = walking("directive", "complete", "SD-9", "--session", "s1")
    assert "is under a lease of s2" in refused.err
    assert not Path("ran").exists()


# Going on.


def test_advance_finishes_verifies_and_takes_what_is_next(walking: Command) -> None:
    told = walking("session", "advance", "--outcome", "completed")
    assert (told.code, told.err) == (0, "looking\n")
    assert told.out.splitlines() == [
        "SD-2 did not pass its verification: echo looking; test -f login: exit code 1",
        "continue with SD-2 (LEAD): Login page",
        "because it failed: attempt 2 of 3",
    ]
    Path("login").touch()
    told = walking("session", "advance", "--outcome", "completed", "--json")
    assert (told.json["decision"], told.json["sd_key"]) == ("continue", "SD-3")
    assert "token" not in told.out
    assert cache()["s1"]["claim"]["sd_key"] == "SD-3"
    final = walking("session", "advance", "--outcome", "completed", "--json").json
    assert (final["sd_key"], final["is_final"]) == ("SD-1", True)
    Path("whole").touch()
    assert walking("session", "advance", "--outcome", "completed").out.splitlines() == [
        "SD-1 is verified: test -f whole: exit code 0",
        "pause: the orchestrator is done",
        "  SD-1 is completed, and chaining is off",
    ]
    assert cache()["s1"]["claim"] is None


def test_a_pause_names_what_is_blocked_by_what(walking: Command) -> None:
    walking("session", "advance", "--outcome", "blocked", "--reason", "no access")
    paused = walking("session", "advance", "--outcome", "blocked", "--reason", "no time")
    assert paused.out.splitlines() == [
        "pause: all that is left is blocked",
        "  SD-2: no access",
        "  SD-3: no time",
    ]
    told = walking("session", "advance", "--json").json
    assert (told["decision"], told["reason"]) == ("pause", "all_blocked")
    assert [one["sd_key"] for one in told["blocked"]] == ["SD-2", "SD-3"]


def test_a_flag_pauses_until_it_is_taken_off(walking: Command) -> None:
    told = walking("directive", "flag", "SD-3", "human_decision", "which provider?")
    assert told.out == "SD-3 is flagged: human_decision, which provider?\n"
    paused = walking("session", "advance", "--outcome", "blocked", "--reason", "x")
    assert paused.out.splitlines() == ["pause: a person has to decide", "  SD-3: which provider?"]
    assert walking("directive", "unflag", "SD-3", "human_decision").code == 0
    assert walking("session", "advance").out.startswith("continue with SD-3")


def test_an_outcome_without_a_directive_is_refused_with_the_next_step(cli: Command) -> None:
    started(cli, "s1")
    cli("session", "advance", "--outcome", "completed").assert_refused(
        "The session s1 has nothing that could be completed.",
        "Ask what is next with: holdfast session advance",
    )
    assert cli("session", "advance").out.splitlines() == [
        "pause: auto-proceed is off",
        "  the session walks no orchestrator",
    ]


def test_a_summary_tells_items_outcomes_times_and_problems(walking: Command) -> None:
    set_clock(_url(), "2030-01-01 12:02:00+00")
    walking("session", "advance", "--outcome", "failed", "--reason", "flaky")
    walking("session", "advance", "--outcome", "blocked", "--reason", "no access")
    told = walking("session", "summary").out.splitlines()
    assert told[0] == "SD-1: 0 of 2 completed in 2.0 min; under way"
    assert told[2].split() == ["SD-2", "blocked", "2.0", "min", "1", "Login", "page"]
    assert told[3].split() == ["SD-3", "under", "way", "0.0", "s", "Logout"]
    assert told[4] == "problem: SD-2: blocked: no access"
    assert walking("session", "summary", "--json").json["handed_out"] == 2


def test_a_session_that_walked_nothing_has_no_summary(cli: Command) -> None:
    started(cli, "s1")
    assert "The session s1 has walked no orchestrator." in cli("session", "summary").err


# Settings.


def test_show_says_which_setting_decided(walking: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "auto-proceed   on (session metadata)" in walking("session", "show").out
    assert "chaining       off (default)" in walking("session", "show").out
    Path("holdfast.toml").write_text("chain_orchestrators = true\n")
    assert "chaining       on (holdfast.toml)" in walking("session", "show").out
    monkeypatch.setenv("HOLDFAST_AUTO_PROCEED", "off")
    assert "auto-proceed   off (environment)" in walking("session", "show").out
    assert walking("session", "advance").out.splitlines() == [
        "pause: auto-proceed is off",
        "  auto-proceed is off",
        "SD-2 is still held",
    ]
    shown = walking("session", "show", "--json").json["proceeding"]
    assert (shown["auto_proceed"], shown["sources"]["auto_proceed"]) == (False, "environment")


def test_what_is_given_with_on_holds_for_the_calls_after_it(cli: Command) -> None:
    Path("tree.yaml").write_text(TREE)
    cli("directive", "import", "tree.yaml")
    started(cli, "s1")
    cli("session", "auto-proceed", "on", "--chain", "--max-iterations", "1")
    assert "chaining       on (session metadata)" in cli("session", "show").out
    paused = cli("session", "advance", "--outcome", "blocked", "--reason", "x")
    assert paused.out.splitlines()[1] == "  max_iterations = 1 is reached"


def test_off_keeps_what_the_session_has_and_says_when_it_is_on_all_the_same(
    walking: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert walking("session", "auto-proceed", "off").out == "auto-proceed is off\n"
    assert walking("session", "show", "--json").json["sd_key"] == "SD-2"
    monkeypatch.setenv("HOLDFAST_AUTO_PROCEED", "on")
    assert walking("session", "auto-proceed", "off").out.splitlines() == [
        "auto-proceed is off; no walk was under way",
        "but environment says on, which comes first",
    ]
    refused = walking("session", "auto-proceed", "off", "--chain")
    assert "off takes no other options" in refused.err


@pytest.mark.parametrize(("option", "value"), [("--max-iterations", 0), ("--max-chain-depth", 101)])
def test_a_limit_out_of_its_range_is_refused(cli: Command, option: str, value: int) -> None:
    started(cli, "s1")
    refused = cli("session", "auto-proceed", "on", option, value)
    assert refused.code == 1
    assert f"= {value} is not a whole number from" in refused.err


def test_on_says_when_it_is_off_all_the_same(cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("tree.yaml").write_text(TREE)
    cli("directive", "import", "tree.yaml")
    started(cli, "s1")
    monkeypatch.setenv("HOLDFAST_AUTO_PROCEED", "off")
    told = cli("session", "auto-proceed", "on").out.splitlines()
    assert told[-1] == "but environment says off, which comes first from here on"


# Coming back.


def test_resume_claims_again_what_a_lost_session_was_at(walking: Command) -> None:
    walking("directive", "move", "SD-2", "PLAN")
    set_clock(_url(), LATER)  # its lease is over
    assert walking("resume").out == "Resuming: SD-2 PLAN phase\n"
    assert walking("session", "show", "--json").json["is_live"]
    assert cache()["s1"]["claim"]["sd_key"] == "SD-2"
    assert walking("session", "advance", "--outcome", "blocked", "--reason", "x").code == 0


def test_resume_says_the_task(walking: Command) -> None:
    _task(walking, "writing the tests")
    assert walking("resume").out == "Resuming: SD-2 LEAD phase, writing the tests…\n"
    assert walking("resume", "--json").json["task"] == "writing the tests"


def test_resume_says_who_has_it_now(walking: Command) -> None:
    set_clock(_url(), LATER)
    started(walking, "s2")
    walking("session", "claim", "SD-2", "--session", "s2")
    refused = walking("resume", "--session", "s1")
    assert refused.code == 1
    assert refused.err.startswith("error: SD-2 is held by s2 since 2030-01-01 13:00:00+00, until")


def test_resume_goes_on_with_the_next_child_when_the_last_one_is_over(walking: Command) -> None:
    Path("login").touch()
    walking("directive", "complete", "SD-2")
    assert walking("resume").out.splitlines() == [
        "SD-2 is completed",
        "Resuming: SD-3 LEAD phase",
    ]


def test_resume_without_auto_proceed_claims_what_was_held(cli: Command) -> None:
    cli("directive", "add", "SD-1", "t")
    started(cli, "s1")
    assert "was at nothing" in cli("resume").out
    cli("session", "claim", "SD-1")
    set_clock(_url(), LATER)
    assert cli("resume").out == "Resuming: SD-1 LEAD phase\n"


def test_resume_of_a_session_that_never_was_is_refused(cli: Command) -> None:
    cli("resume").assert_refused(
        "No session is known here.", "Start one with: holdfast session start"
    )
    cli("resume", "--session", "s9").assert_refused(
        "There is no session s9.", "List them with: holdfast session list"
    )


def _url() -> str:
    return os.environ["HOLDFAST_DATABASE_URL"]


def _task(cli: Command, task: str) -> None:
    """What the hooks save of it."""

    async def work() -> None:
        mine = cache()["s1"]
        async with connected(_url()) as connection:
            await call(
                connection, "save_session", session_id="s1", epoch=mine["epoch"], token=mine["token"],
                metadata={"execution_state": {"currentTask": task}},
            )  # fmt: skip

    asyncio.run(work())
