"""Sessions as a person and an agent meet them: `holdfast session`."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from tests.support.command_line import Command, added, cache, events, set_clock, started

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
