"""`holdfast plan story`: who waits for what, whether somebody works at it or nobody can."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.plans.creating import create_plan
from holdfast.plans.loading import parse_plan
from holdfast.plans.story import PLAN, RUNNER, Story, Wait, read_story
from tests.support.command_line import Command, command_line
from tests.support.workers import until, worker

STEPS = [
    {"id": "gate", "gate": {"message": "Deployed?"}},
    {"id": "slow", "command": ["sh", "-c", "echo begun; exec sleep 600"]},
    {"id": "unknown", "agent": "nobody knows it"},
    {"id": "after", "needs": ["gate", "slow"], "command": ["true"]},
]


async def made(engine: PostgresEngine, steps: list[Any], folder: Path) -> tuple[UUID, UUID]:
    """A plan in the venture that commands mean."""
    venture_id = await engine.call_value("open_venture", slug="default")
    plan = parse_plan({"name": "story", "steps": steps})
    created = await create_plan(engine, venture_id, plan, cwd=folder, work_dir=folder)
    return venture_id, created.id


async def told(engine: PostgresEngine, plan: tuple[UUID, UUID]) -> dict[str, Wait]:
    """Who waits."""
    story = await read_story(engine, *plan, last=100)
    return {wait.who: wait for wait in story.waits}


async def test_each_of_a_plan_says_what_it_waits_for_and_what_a_person_could_do(
    engine: PostgresEngine, tmp_path: Path
) -> None:
    plan = await made(engine, STEPS, tmp_path)
    waits = await told(engine, plan)
    assert waits[RUNNER].waits_for == "a worker that takes it up"
    assert waits[RUNNER].next_step == "Start one with: holdfast worker"

    async def begun() -> dict[str, Wait] | None:
        found = await told(engine, plan)
        is_begun = "sleep" in found["slow"].waits_for or found["slow"].holder
        return found if is_begun and "Deployed" in found["gate"].waits_for else None

    with worker(engine.url, app=None) as running:
        waits = await until(begun)
        assert str(waits[RUNNER].holder).endswith(f"/{running.pid}")
        assert waits[RUNNER].next_step is None
        assert waits["gate"].waits_for == "a person's answer: Deployed?"
        assert str(waits["gate"].next_step).endswith("approve|reject")
        assert str(waits["slow"].holder).endswith(f"/{running.pid}")
        assert waits["slow"].next_step is None
        assert waits["unknown"].waits_for.startswith("a worker that runs callable:nobody knows it")
        assert str(waits["unknown"].next_step).endswith("--app MODULE:NAME")
        assert waits["after"].waits_for == "gate, slow"

    async def widowed() -> dict[str, Wait] | None:
        found = await told(engine, plan)
        return found if all("lease" in found[who].waits_for for who in (RUNNER, "slow")) else None

    waits = await until(widowed)  # nobody is left who would reap
    assert waits["slow"].next_step == "Start one with: holdfast worker"


async def test_a_plan_that_is_over_waits_for_nothing_and_tells_what_happened_in_order(
    engine: PostgresEngine, tmp_path: Path
) -> None:
    plan = await made(engine, [{"id": "one", "command": ["true"]}], tmp_path)
    with worker(engine.url, app=None):

        async def over() -> Story | None:
            found = await read_story(engine, *plan, last=100)
            return None if found.waits else found

        story = await until(over)
    moves = [event["type"] for event in story.events if event["stream"] == "plan"]
    assert (moves[0], moves[-1]) == ("plan.created", "plan.completed")
    times = [event["time"] for event in story.events]
    assert times == sorted(times)
    assert {"supervisor", "execution", "session", "directive"} <= {
        event["stream"] for event in story.events
    }


async def a_plan(url: str, folder: Path) -> UUID:
    engine = PostgresEngine(url, settings=Settings())
    await engine.open()
    try:
        return (await made(engine, STEPS, folder))[1]
    finally:
        await engine.close()


@pytest.fixture
def cli(
    work_dir: Path,
    holdfast_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", holdfast_url)
    return command_line(monkeypatch, capsys)


def test_the_command_tells_it_to_people_and_to_machines(
    cli: Command, holdfast_url: str, tmp_path: Path
) -> None:
    plan_id = asyncio.run(a_plan(holdfast_url, tmp_path))
    shown = cli("plan", "story", plan_id)
    assert shown.code == 0
    for words in (
        "Who waits for what",
        "a worker that takes it up",
        "What happened",
        "created",
    ):
        assert words in shown.out
    machine = cli("plan", "story", str(plan_id)[-8:], "--last", 1, "--json").json
    assert machine["waits"][0]["who"] == RUNNER
    assert len(machine["events"]) == 1
    assert cli("plan", plan_id).code == cli("plan", "show", plan_id).code == 0
    cli("plan", "story", "01234567-0123-7123-8123-012345678901").assert_refused_with("no plan")


async def test_a_plan_that_people_hold_up_says_who_and_how_it_goes_on(
    engine: PostgresEngine, tmp_path: Path
) -> None:
    venture_id = await engine.call_value("open_venture", slug="default")
    spec = {
        "name": "held up",
        "steps": [{"id": "only", "command": ["true"]}],
        "checklist": [{"id": "told", "title": "Everybody is told", "tick": True}],
    }
    created = await create_plan(
        engine, venture_id, parse_plan(spec), cwd=tmp_path, work_dir=tmp_path
    )
    plan = (venture_id, created.id)
    short = str(created.id)[-8:]

    waits = await told(engine, plan)
    assert waits["told"].waits_for == "Everybody is told (a person says so)"
    assert waits["told"].next_step == f"holdfast plan tick {short} told"
    await engine.call(
        "pause_plan", plan_id=created.id, reason="it is Friday", venture_id=venture_id
    )
    waits = await told(engine, plan)
    assert waits[PLAN].waits_for.endswith(": it is Friday")
    assert waits[PLAN].next_step == f"holdfast plan resume {short}"
    await engine.call(
        "tick_condition", plan_id=created.id, condition_id="told", venture_id=venture_id
    )
    assert "told" not in await told(engine, plan)
