"""Codex and Gemini themselves, offline, with Holdfast's hooks installed: the same hooks serve them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import programs
from tests.support.fake_models import Call, FakeModel, GeminiModel, OpenAIModel, Text
from tests.support.hooked_machine import Machine
from tests.support.sql import connected, one

COMMANDS = {
    "codex": Call("exec_command", {"cmd": "touch shipped"}),
    "gemini": Call("run_shell_command", {"command": "touch shipped", "description": "ship"}),
}
GATES = {"codex": "Bash(touch*)", "gemini": "run_shell_command(touch*)"}


def run(machine: Machine, *turns: Call | Text) -> FakeModel:
    """One run of the machine's program; gives the model, with what it was asked."""
    if machine.program == "codex":
        with OpenAIModel(*turns) as openai:
            # What a person does once in /hooks.
            trusted = ("exec", "--skip-git-repo-check", "--dangerously-bypass-hook-trust")
            codex = machine.with_holdfast(programs.codex(machine.home, openai))
            ran = codex.run(*trusted, "go", cwd=machine.project)
            assert ran.returncode == 0, ran
            return openai
    with GeminiModel(*turns) as model:
        gemini = machine.with_holdfast(programs.gemini(machine.home, model))
        ran = gemini.run("-p", "go", "--skip-trust", "-y", cwd=machine.project)
        assert ran.returncode == 0, ran
        return model


def machine_of(program: str, folder: Path, url: str, **settings: str) -> Machine:
    folder.mkdir(parents=True)
    home = folder / "home"
    with (
        OpenAIModel() as openai,
        GeminiModel() as model,
    ):  # skips where the program is not installed
        programs.codex(home, openai) if program == "codex" else programs.gemini(home, model)
    return Machine(folder=folder, url=url, program=program, scope="user", settings=settings)


@pytest.mark.parametrize("program", ["codex", "gemini"])
async def test_a_session_is_registered_and_told_its_place(
    work_dir: Path, holdfast_url: str, program: str
) -> None:
    machine = machine_of(program, work_dir / "one", holdfast_url)

    model = run(machine, Text("Done."))

    assert "Holdfast keeps this session" in model.turns[0].text
    async with connected(holdfast_url) as connection:
        row = await one(connection, "select agent, state::text from holdfast.claude_sessions")
    assert row["agent"] == program
    # Gemini waits for no hook when it ends: what comes first then is the companion that misses it.
    assert row["state"] in ("ended", "lost", "idle")


@pytest.mark.parametrize("program", ["codex", "gemini"])
async def test_a_gated_call_does_not_run_before_a_person_has_answered(
    work_dir: Path, holdfast_url: str, program: str
) -> None:
    machine = machine_of(program, work_dir / "one", holdfast_url, gated_tools=GATES[program])

    model = run(machine, COMMANDS[program], Text("I wait."))

    assert "needs a person's approval" in model.turns[1].text
    assert not (machine.project / "shipped").exists()
    assert "touch shipped" in machine.holdfast("questions")
