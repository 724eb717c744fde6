"""A plan's hooks, its reviewers and its outputs, with the real Claude Code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.agents.conftest import MakeScene
from tests.agents.test_plans import run_plan
from tests.support.fake_models import Text
from tests.support.program_cases import CASES

CLAUDE = CASES[0]
POINTS = ["Injection", "Indexes"]


def block(**told: Any) -> Text:
    return Text(f"I have looked.\n```json\n{json.dumps(told)}\n```")


def review(*ok: bool, **more: Any) -> Text:
    return block(review=[{"point": n, "ok": one} for n, one in enumerate(ok, 1)], **more)


async def test_a_hook_that_fails_goes_back_to_the_agent_and_stops_its_commit(
    play: MakeScene,
) -> None:
    turns = (
        CLAUDE.shell("echo wrong > code"),
        CLAUDE.shell("git commit -m 'it is wrong'"),
        CLAUDE.shell("echo right > code"),
        CLAUDE.shell("git commit --allow-empty -m 'it is right'"),
        Text("Done."),
    )
    lint = ["sh", "-c", "! grep wrong code || { echo the linter found it; exit 1; }"]
    test = ["sh", "-c", "! grep wrong code || { echo the tests are red; exit 1; }"]
    async with play(CLAUDE, *turns) as scene:
        repository(scene.folder)
        steps = await run_plan(
            scene,
            {"id": "a", "agent": "claude", "prompt": "Write it."},
            hooks={
                "after_tool": [{"tools": "Bash", "command": lint}],
                "before_commit": [{"command": test, "timeout": "30s"}],
            },
        )
        assert steps["a"]["error_message"] is None
        told = [turn.text for turn in scene.model.turns]
        commits = (scene.folder / ".git" / "logs" / "HEAD").read_text()

    assert "the linter found it" not in told[0]
    assert "the linter found it" in told[1]
    assert "the tests are red" in told[2]
    assert "it is wrong" not in commits
    assert "it is right" in commits


def repository(folder: Path) -> None:
    for command in (
        ["init", "-q"],
        ["config", "user.email", "a@example.com"],
        ["config", "user.name", "a"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)


async def test_a_review_that_finds_something_sends_the_work_back_with_its_findings(
    play: MakeScene,
) -> None:
    finding = {"place": "a.py:3", "what": "the name goes into SQL"}
    async with play(
        CLAUDE,
        block(files=["a.py"], key_points=["It is quick."]),
        review(False, True, findings=[finding]),
        block(files=["a.py"], key_points=["It is safe."]),
        review(True, True),
    ) as scene:
        steps = await run_plan(
            scene,
            {"id": "write", "agent": "claude", "prompt": "Write.", "outputs": ["files", "key_points"]},
            {
                "id": "review", "agent": "claude", "needs": ["write"], "role": "reviewer",
                "prompt": "Review.", "on_failure": {"go_back_to": "write"},
            },
            roles={"reviewer": {"prompt": "You review.", "review_points": POINTS}},
        )  # fmt: skip
        asked = [turn.text for turn in scene.model.turns]

    assert {step["status"] for step in steps.values()} == {"completed"}
    assert "`files`: the files that you made" in asked[0]
    assert r"1. Injection\n2. Indexes" in asked[1]
    assert "You review." in asked[1]
    assert "the name goes into SQL" in asked[2]
    assert steps["write"]["result"]["key_points"] == ["It is safe."]
    assert steps["write"]["result"]["text"] == "I have looked."


async def test_a_review_that_leaves_a_point_out_has_not_passed(play: MakeScene) -> None:
    async with play(CLAUDE, review(True)) as scene:
        steps = await run_plan(
            scene,
            {"id": "a", "agent": "claude", "role": "reviewer", "prompt": "Review."},
            roles={"reviewer": {"prompt": "You review.", "review_points": POINTS}},
        )

    assert steps["a"]["status"] == "failed"
    assert steps["a"]["error_message"] == "The review says nothing of the points 2."
