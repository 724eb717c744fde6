"""`holdfast supervisor`: a person looks at a coordinator, takes it back, begins another from it, and stops it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.command_line import Command, command_line
from tests.support.restoring import staged


@pytest.fixture
def cli(
    holdfast_url: str,
    work_dir: object,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """The command line on a migrated database."""
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", holdfast_url)
    return command_line(monkeypatch, capsys)


@pytest.fixture
def died(cli: Command, holdfast_url: str) -> str:
    """The id of a supervisor that did a little and died long ago."""

    async def make() -> str:
        async with staged(holdfast_url) as stage:
            stage.seconds = -400_000_000
            await stage.later(0)
            await stage.begin()
            await stage.step("sound")
            await stage.say("one")
            await stage.step("chart")
            await stage.spawn("review")
            return str(stage.id)

    return asyncio.run(make())


def test_a_person_looks_goes_back_and_stops(cli: Command, died: str) -> None:
    assert "harbour" in cli("supervisor", "list").out
    [row] = cli("supervisor", "list", "--json").json
    assert (row["id"], row["interrupted"], row["checkpoint"]) == (died, True, 2)

    told = cli("supervisor", "restore", died[-8:], "--from", 1, "--dry-run")
    assert told.code == 0
    for words in ("would be restored: checkpoint; it would go on", "step undone", "execution undone", "Nothing was changed."):  # fmt: skip
        assert words in told.out
    preview = cli("supervisor", "restore", died, "--dry-run", "--json").json
    assert (preview["source"], preview["outcome"]) == ("manual", "went_on")

    assert cli("supervisor", "checkpoint", died, "--label", "before").out == "checkpoint 3\n"
    assert "is paused" in cli("supervisor", "rewind", died, 1, "--reason", "too far").out
    shown = cli("supervisor", "show", died).out
    for words in ("harbour", "paused", "too far", "* 1", "sound (completed)"):
        assert words in shown
    assert "goes on" in cli("supervisor", "resume", died).out
    assert "paused" in cli("supervisor", "pause", died, "--reason", "lunch").out
    assert "next worker" in cli("supervisor", "restore", died).out
    fork = cli("supervisor", "fork", died, "--name", "again", "--json").json["supervisor_id"]
    assert "is stopped" in cli("supervisor", "stop", died, "--reason", "enough").out
    story = cli("supervisor", "show", fork, "--json").json
    assert (story["supervisor"]["name"], story["supervisor"]["forked_from"]) == ("again", died)
    assert [step["name"] for step in story["steps"]] == ["sound"]
    cli("supervisor", "restore", died).assert_refused_with("is failed", "fork")
    cli("supervisor", "rewind", fork, 9).assert_refused_with("does not stand on a checkpoint 9")
    cli("supervisor", "show", "0123abcd").assert_refused_with("no supervisor 0123abcd")


def test_those_that_are_over_are_shown_if_wanted(cli: Command, died: str) -> None:
    cli("supervisor", "stop", died)
    assert "--all shows those that are over" in cli("supervisor", "list").out
    assert "harbour" in cli("supervisor", "list", "--all").out
    assert "There is no supervisor." in cli("supervisor", "list", "--state", "paused").out


def test_what_a_restoration_found_is_shown(cli: Command, holdfast_url: str) -> None:
    async def restored() -> Any:
        async with staged(holdfast_url) as stage:
            await stage.begin()
            await stage.step("chart", finished=False)
            await stage.come_back()
            return stage.id

    shown = cli("supervisor", "show", asyncio.run(restored())).out
    for words in ("restoration 1  lease expired", "step interrupted", "repair", "goes on"):
        assert words in shown
