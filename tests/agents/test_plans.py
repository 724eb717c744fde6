"""Plans whose steps are done by the real agent programs."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.plans.creating import create_plan
from holdfast.plans.loading import load_plan
from tests.agents.conftest import MakeScene
from tests.support.fake_models import Text
from tests.support.program_cases import CASES, Case, Scene
from tests.support.workers import until

ROLE = """\
---
name: reviewer
description: Reviews: always
---
You are the reviewer whom nothing escapes.
"""


async def run_plan(scene: Scene, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Run a plan of these steps to its end; gives each step's newest row."""
    file = scene.folder / "plan.yaml"
    environment = dict(scene.program.environment)
    told = {"name": "agents", "env": environment, "steps": list(steps), **more}
    file.write_text(yaml.safe_dump(told))
    venture_id = await scene.engine.call_value("open_venture", slug="default")
    plan = await create_plan(
        scene.engine, venture_id, load_plan(file), cwd=scene.folder, work_dir=scene.folder
    )

    async def is_over() -> bool:
        found: bool = await scene.rows.one(
            "select ended_at is not null from holdfast.plans where id = $1", plan.id
        )
        return found

    with scene.worker():
        await until(is_over)
    rows = await scene.rows.all(
        "select * from holdfast.plan_steps where plan_id = $1 order by round", plan.id
    )
    return {row["step_key"]: dict(row) for row in rows}


async def test_a_step_is_done_by_a_program_in_its_role_and_then_verified(
    play: MakeScene, case: Case
) -> None:
    async with play(case, case.shell("echo 42 > answer"), Text("It is written.")) as scene:
        write_role(scene.folder)
        steps = await run_plan(
            scene,
            {
                "id": "write",
                "agent": case.kind,
                "role": "reviewer",
                "prompt": "Write the answer.",
                "verify": {"command": ["grep", "-q", "42", "answer"]},
            },
        )

        assert (steps["write"]["status"], steps["write"]["error_message"]) == ("completed", None)
        assert steps["write"]["result"] == "It is written."
        assert "You are the reviewer whom nothing escapes." in scene.model.turns[0].text
        assert "Write the answer." in scene.model.turns[0].text


async def test_a_step_that_is_sent_back_tells_the_program_what_was_found(play: MakeScene) -> None:
    case = CASES[0]
    async with play(case, Text("It is written."), Text("It is mended.")) as scene:
        review = 'test "$(cat round)" = 2 && exit; echo 2 > round; echo "::result {\\"findings\\": [\\"a typo\\"]}"; exit 1'
        (scene.folder / "round").write_text("1")
        steps = await run_plan(
            scene,
            {"id": "write", "agent": case.kind, "prompt": "Write it."},
            {
                "id": "review",
                "needs": ["write"],
                "command": ["sh", "-c", review],
                "on_failure": {"go_back_to": "write"},
            },
        )

        assert {step["status"] for step in steps.values()} == {"completed"}
        assert steps["write"]["result"] == "It is mended."
        first, second = scene.model.turns
    assert "a typo" not in first.text
    assert "a typo" in second.text


async def test_only_the_tools_of_a_role_are_offered_to_claudes_model(play: MakeScene) -> None:
    case = CASES[0]
    async with play(case, Text("Done.")) as scene:
        write_role(scene.folder, tools="Read, Bash")
        await run_plan(
            scene, {"id": "a", "agent": case.kind, "role": "reviewer", "prompt": "Review."}
        )
        [request] = scene.model.turns

    offered = {tool["name"] for tool in request.body["tools"]}
    assert {"Read", "Bash"} <= offered
    assert not {"Write", "Edit", "WebFetch"} & offered


@pytest.mark.parametrize("case", CASES[1:], ids=attrgetter("kind"))
async def test_a_program_that_cannot_be_held_to_the_tools_of_a_role_is_not_started(
    play: MakeScene, case: Case
) -> None:
    async with play(case) as scene:
        role = {"name": "reader", "prompt": "You read.", "allowed_tools": ["Read"]}
        execution_id = await scene.begin(role=role)
        with scene.worker():
            done = await scene.over(execution_id)

        assert done.status == "failed"
        assert f"{case.kind} cannot be held to the allowed_tools" in (done.error_message or "")
        assert scene.model.turns == []


async def test_a_role_narrows_the_shell_to_what_it_names(play: MakeScene) -> None:
    case = CASES[0]
    looks = case.shell("git --version > /dev/null && echo seen | tee seen")
    turns = (
        case.shell("touch made"),
        case.shell("git --version; touch made"),
        looks,
        Text("Done."),
    )
    role = {
        "name": "reader",
        "prompt": "You read.",
        "allowed_tools": ["Read", "Bash(git --version)", "Bash(echo *)", "Bash(tee:*)"],
    }
    async with play(case, *turns) as scene:
        execution_id = await scene.begin(role=role)
        with scene.worker():
            done = await scene.over(execution_id)

        assert done.status == "completed"
        assert not (scene.folder / "made").exists()
        assert (scene.folder / "seen").exists()
        assert "Your role may only run git --version, echo *, tee:*;" in scene.model.turns[1].text


@pytest.mark.parametrize("way", ["its settings", "its flags"])
async def test_claude_that_would_not_hold_a_role_to_its_commands_is_not_started(
    play: MakeScene, way: str
) -> None:
    role = {"name": "reader", "prompt": "You read.", "allowed_tools": ["Bash(git log *)"]}
    async with play(CASES[0]) as scene:
        settings = scene.folder / ".claude" / "settings.local.json"
        settings.parent.mkdir()
        told, flags = f"disableAllHooks is true in {settings}.", scene.case.flags
        if way == "its flags":
            told, flags = "claude_flags says --settings, and", f"{flags},--settings,{{}}"
        else:
            settings.write_text('{"disableAllHooks": true}')
        execution_id = await scene.begin(role=role)
        with scene.worker(flags=flags):
            done = await scene.over(execution_id)

        assert told in (done.error_message or "")
        assert scene.model.turns == []


def write_role(folder: Path, *, tools: str | None = None) -> None:
    file = folder / ".claude" / "agents" / "reviewer.md"
    file.parent.mkdir(parents=True)
    limit = "" if tools is None else f"tools: {tools}\n"
    file.write_text(ROLE.replace("---\n", f"---\n{limit}", 1))
