"""What `make chaos` found, each as a story of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.plans.creating import create_plan
from holdfast.plans.loading import parse_plan
from holdfast.plans.story import read_story
from holdfast.runtime.worker import Worker
from tests.support.workers import until


@pytest.fixture
async def hf(holdfast_url: str) -> AsyncIterator[Holdfast]:
    """A program with a worker in it."""
    async with Holdfast(Settings(database_url=holdfast_url)) as connected:
        worker = Worker(connected)
        worker.start()
        try:
            yield connected
        finally:
            await worker.stop()


async def start(hf: Holdfast, folder: Path, *steps: dict[str, Any], **more: Any) -> UUID:
    plan = parse_plan({"name": "found", "steps": list(steps), **more})
    made = await create_plan(hf.engine, await hf.venture_id(), plan, cwd=folder, work_dir=folder)
    return made.id


async def steps_of(hf: Holdfast, plan_id: UUID) -> dict[str, str]:
    """How the newest rounds stand."""
    rows = await hf.engine.read("plan_steps", await hf.venture_id(), plan_id)
    return {row["step_key"]: row["status"] for row in rows}


async def until_over(hf: Holdfast, plan_id: UUID) -> str:
    """How the plan ended."""

    async def look() -> str | None:
        story = await read_story(hf.engine, await hf.venture_id(), plan_id, last=1)
        return None if story.waits else str(story.plan["status"])

    return await until(look)


async def test_a_gate_that_is_approved_after_another_step_failed_still_opens(
    hf: Holdfast, tmp_path: Path
) -> None:
    plan_id = await start(
        hf,
        tmp_path,
        {"id": "gated", "gate": {"message": "Go on?"}, "command": ["true"]},
        {"id": "fails", "command": ["false"]},
    )

    async def failed() -> bool:
        return await steps_of(hf, plan_id) == {"gated": "waiting", "fails": "failed"}

    await until(failed)
    [question] = await hf.questions()
    await hf.answer(question["id"], "approve")

    assert await until_over(hf, plan_id) == "failed"
    assert await steps_of(hf, plan_id) == {"gated": "completed", "fails": "failed"}


async def test_a_foreach_does_not_run_on_in_a_plan_that_has_failed_beside_it(
    hf: Holdfast, tmp_path: Path
) -> None:
    plan_id = await start(
        hf,
        tmp_path,
        {
            "id": "each",
            "foreach": [1, 2],
            "max_parallel": 1,
            "command": ["sh", "-c", "until test -e go; do sleep 0.1; done"],
        },
        {"id": "fails", "command": ["false"]},
    )

    async def failed() -> bool:
        return (await steps_of(hf, plan_id))["fails"] == "failed"

    await until(failed)
    (tmp_path / "go").touch()

    assert await until_over(hf, plan_id) == "failed"
    steps = await steps_of(hf, plan_id)
    assert (steps["each"], steps["each.1"], steps["each.2"]) == ("failed", "completed", "skipped")


async def test_what_was_skipped_for_a_failure_is_skipped_again_after_the_plan_went_back(
    hf: Holdfast, tmp_path: Path
) -> None:
    check = "test -e twice || { touch twice; exit 1; }"
    plan_id = await start(
        hf,
        tmp_path,
        {"id": "lint", "command": ["false"], "on_failure": "continue"},
        {"id": "design", "command": ["true"]},
        {"id": "build", "needs": ["lint", "design"], "command": ["touch", "built"]},
        {"id": "tell", "needs": ["build"], "when": "true", "command": ["true"]},
        {"id": "ship", "needs": ["build"], "command": ["touch", "shipped"]},
        {
            "id": "check",
            "needs": ["design", "lint"],
            "when": "true",
            "command": ["sh", "-c", check],
            "on_failure": {"go_back_to": "design"},
        },
    )

    assert await until_over(hf, plan_id) == "completed"
    assert await steps_of(hf, plan_id) == {
        "lint": "failed",
        "design": "completed",
        "build": "skipped",
        "tell": "completed",
        "ship": "skipped",
        "check": "completed",
    }
    assert not (tmp_path / "built").exists()
    assert not (tmp_path / "shipped").exists()


async def test_the_verification_of_a_persons_work_waits_for_room_too(
    hf: Holdfast, tmp_path: Path
) -> None:
    plan_id = await start(
        hf,
        tmp_path,
        {
            "id": "by-hand",
            "agent": "person",
            "prompt": "Do it.",
            "verify": {"command": ["test", "!", "-e", "busy"]},
        },
        {"id": "long", "command": ["sh", "-c", "touch busy; until test -e go; do sleep 0.1; done; rm busy"]},
        max_parallel=1,
    )  # fmt: skip

    async def is_busy() -> bool:
        return (tmp_path / "busy").exists()

    await until(is_busy)
    [question] = await hf.questions()
    await hf.answer(question["id"], "done")
    # Time enough for a verification that does not wait; it would find `busy`.
    await asyncio.sleep(1)
    (tmp_path / "go").touch()

    assert await until_over(hf, plan_id) == "completed"
