"""A plan's hooks with the real programs; its reviewers and outputs with the real Claude Code."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conftest import MakeScene
from tests.agents.test_plans import run_plan
from tests.support.fake_models import Text
from tests.support.program_cases import CASES, Case, Scene

CLAUDE, CODEX, GEMINI = CASES
# In its sandbox Codex may not write to a repository.
HOOKED = (
    CLAUDE,
    dataclasses.replace(CODEX, flags="--skip-git-repo-check,--sandbox,danger-full-access"),
    GEMINI,
)
POINTS = ["Injection", "Indexes"]


def block(**told: Any) -> Text:
    return Text(f"I have looked.\n```json\n{json.dumps(told)}\n```")


def review(*ok: bool, **more: Any) -> Text:
    return block(review=[{"point": n, "ok": one} for n, one in enumerate(ok, 1)], **more)


@pytest.mark.parametrize("case", HOOKED, ids=attrgetter("kind"))
async def test_a_hook_that_fails_goes_back_to_the_agent_and_stops_its_commit(
    play: MakeScene, case: Case
) -> None:
    turns = (
        case.shell("echo wrong > code"),
        case.shell("git commit -m 'it is wrong'"),
        case.shell("echo right > code"),
        case.shell("git commit --allow-empty -m 'it is right'"),
        Text("Done."),
    )
    lint = ["sh", "-c", "! grep wrong code || { echo the linter found it; exit 1; }"]
    test = ["sh", "-c", "! grep wrong code || { echo the tests are red; exit 1; }"]
    async with play(case, *turns) as scene:
        repository(scene.folder)
        steps = await run_plan(
            scene,
            {"id": "a", "agent": case.kind, "prompt": "Write it."},
            hooks={
                "after_tool": [{"command": lint}],
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


async def test_codex_trusts_the_hooks_of_the_plan_and_no_others(play: MakeScene) -> None:
    async with play(CODEX, CODEX.shell("echo 1 > code"), Text("Done.")) as scene:
        others = scene.folder.parent / "home" / ".codex" / "hooks.json"
        others.write_text(json.dumps(of_user("touch theirs")))
        steps = await run_plan(
            scene,
            {"id": "a", "agent": "codex", "prompt": "Write it."},
            hooks={"after_tool": [{"command": ["touch", "ours"]}]},
        )

        assert steps["a"]["error_message"] is None
        assert (scene.folder / "ours").exists()
        assert not (scene.folder / "theirs").exists()


async def test_codex_that_would_not_run_the_hooks_is_not_started(play: MakeScene) -> None:
    async with play(CODEX) as scene:
        config = scene.folder.parent / "home" / ".codex" / "config.toml"
        config.write_text(f"{config.read_text()}\n[features]\nhooks = false\n")

        assert await what_fails(scene) == "Codex would not run the hooks of the plan."
        assert scene.model.turns == []


async def test_flags_of_codexs_own_hooks_and_those_of_the_plan_do_not_go_together(
    play: MakeScene,
) -> None:
    async with play(CODEX) as scene:
        told = await what_fails(scene, "-c", "hooks.Stop=[]")

        assert told.startswith("The setting codex_flags says hooks.Stop=[], and Codex takes no")
        assert scene.model.turns == []


async def test_gemini_keeps_what_its_user_has_beside_the_hooks_of_the_plan(play: MakeScene) -> None:
    async with play(GEMINI, GEMINI.shell("echo 1 > code"), Text("Done."), Text("More.")) as scene:
        own = scene.folder.parent / "home" / ".gemini"
        theirs = {"hooks": [{"type": "command", "command": "touch theirs"}]}
        settings = json.loads((own / "settings.json").read_text()) | {
            "hooks": {"AfterTool": [theirs]}
        }
        before = f"// my own\n{json.dumps(settings)}"
        (own / "settings.json").write_text(before)
        (own / "GEMINI.md").write_text("I sail the Skerries.")
        await run_plan(
            scene,
            {"id": "a", "agent": "gemini", "prompt": "Write it."},
            hooks={"after_tool": [{"command": ["touch", "ours"]}]},
        )
        assert (own / "settings.json").read_text() == before
        session_id = await scene.rows.one(
            "select metadata ->> 'program_session_id' from holdfast.agent_executions limit 1"
        )
        again = scene.program.run(
            *("--resume", session_id, "--skip-trust", "--prompt=go"), cwd=scene.folder
        )

        assert (scene.folder / "ours").exists()
        assert (scene.folder / "theirs").exists()
        assert "I sail the Skerries." in scene.model.turns[0].text
        assert again.stdout.strip() == "More."
        assert "echo 1 > code" in scene.model.turns[2].text


async def test_gemini_that_would_not_run_the_hooks_is_not_started(play: MakeScene) -> None:
    async with play(GEMINI) as scene:
        project = scene.folder / ".gemini"
        project.mkdir()
        (project / "settings.json").write_text('{"hooksConfig": {"enabled": false}}')

        told = f"hooksConfig.enabled is false in {project / 'settings.json'}."
        assert (await what_fails(scene)).endswith(told)
        assert scene.model.turns == []


async def what_fails(scene: Scene, *flags: str) -> str:
    """The first sentence of why a program was not started with a plan's hook."""
    execution_id = await scene.begin(hooks={"after_tool": [{"command": ["true"]}]})
    with scene.worker(flags=",".join([scene.case.flags, *flags])):
        done = await scene.over(execution_id)
    told, _, _ = (done.error_message or "").partition(". ")
    return f"{told}."


def of_user(command: str) -> dict[str, Any]:
    return {"hooks": {"PostToolUse": [{"hooks": [{"type": "command", "command": command}]}]}}


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
