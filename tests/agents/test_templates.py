"""Each plan that comes with Holdfast runs to its end as it is written, with the real Claude Code."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from holdfast.plans.creating import create_plan
from holdfast.plans.loading import load_plan
from holdfast.plans.template_files import write_template
from tests.agents.conftest import MakeScene
from tests.support.fake_models import Text, Turn
from tests.support.program_cases import CASES, Scene
from tests.support.small_plan import answering
from tests.support.workers import until

CLAUDE = CASES[0]
SECONDS = 150
MADE = {"files": ["code"], "key_points": ["It is made."]}
# Good for whoever asks, since two may ask at once.
GOOD = {
    **MADE,
    "sources": ["a book"],
    "review": [{"point": number, "ok": True} for number in range(1, 20)],
}


def block(**told: Any) -> Text:
    return Text(f"```json\n{json.dumps(told)}\n```")


def shell(command: str) -> Turn:
    return CLAUDE.shell(command)


RED, GREEN = r"printf 'test:\n\tfalse\n' > Makefile", r"printf 'test:\n\ttrue\n' > Makefile"
TURNS: dict[str, tuple[Turn, ...]] = {
    "feature": (shell("echo so > design.md"), block(**MADE), shell(GREEN), block(**MADE), block(**GOOD), block(**GOOD)),
    "bugfix": (shell(RED), block(**MADE), shell(GREEN), block(**MADE), block(**GOOD)),
    "research": (
        block(questions=["How?", "Why?"]), block(**GOOD), block(**GOOD),
        shell("echo so > report.md"), block(**MADE), block(**GOOD),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TURNS)
async def test_a_template_runs_to_its_end_as_it_is(play: MakeScene, name: str) -> None:
    async with play(CLAUDE, *TURNS[name]) as scene:
        written = write_template(name, scene.folder, agent="claude", more={})
        plan = load_plan(written.plan)
        assert plan.name == name
        # What a person has in the environment anyway.
        plan = dataclasses.replace(plan, env=dict(scene.program.environment))
        venture_id = await scene.engine.call_value("open_venture", slug="default")
        made = await create_plan(
            scene.engine, venture_id, plan, cwd=scene.folder, work_dir=scene.folder
        )
        async with answering(scene.engine, scene.rows):
            with scene.worker():
                row = await until(lambda: ended(scene, made.id), seconds=SECONDS)
                progress = scene.folder / "PROGRESS.md"
                await until(lambda: says(progress, "**completed**"))
        assert (row["status"], row["error_message"]) == ("completed", None)
        assert "It is made." in progress.read_text()
        assert len(scene.model.turns) == len(TURNS[name])


async def ended(scene: Scene, plan_id: Any) -> dict[str, Any] | None:
    [row] = await scene.rows.all("select * from holdfast.plans where id = $1", plan_id)
    return dict(row) if row["ended_at"] else None


async def says(file: Any, text: str) -> bool:
    return file.exists() and text in file.read_text()
