"""Each real program runs here, offline: a model's tool call is really carried out, and the model hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import programs
from tests.support.fake_models import (
    AnthropicModel,
    Call,
    Fail,
    GeminiModel,
    OpenAIModel,
    Text,
)

# What no program says of itself: the shell has to work it out.
COMMAND = "seq -s - 40 44"
OUTPUT = "40-41-42-43-44"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_claude_code_runs_a_tool_that_a_scripted_model_calls(home: Path, tmp_path: Path) -> None:
    with AnthropicModel(Call("Bash", {"command": COMMAND}), Text("It is done.")) as model:
        ran = programs.claude(home, model).run("-p", "go", "--allowedTools", "Bash", cwd=tmp_path)

        assert (ran.returncode, ran.stdout) == (0, "It is done.\n"), ran
        first, second = model.turns
    assert OUTPUT not in first.text
    assert OUTPUT in second.text


def test_codex_runs_a_tool_that_a_scripted_model_calls(home: Path, tmp_path: Path) -> None:
    with OpenAIModel(Call("exec_command", {"cmd": COMMAND}), Text("It is done.")) as model:
        ran = programs.codex(home, model).run("exec", "--skip-git-repo-check", "go", cwd=tmp_path)

        assert (ran.returncode, ran.stdout) == (0, "It is done.\n"), ran
        first, second = model.turns
    assert OUTPUT not in first.text
    assert OUTPUT in second.text


def test_gemini_runs_a_tool_that_a_scripted_model_calls(home: Path, tmp_path: Path) -> None:
    call = Call("run_shell_command", {"command": COMMAND, "description": "count"})
    with GeminiModel(call, Text("It is done.")) as model:
        ran = programs.gemini(home, model).run("-p", "go", "--skip-trust", "-y", cwd=tmp_path)

        assert (ran.returncode, ran.stdout) == (0, "It is done.\n"), ran
        first, second = model.turns
    assert OUTPUT not in first.text
    assert OUTPUT in second.text


def test_a_model_that_fails_is_told_by_the_program(home: Path, tmp_path: Path) -> None:
    with AnthropicModel(script=lambda request: Fail(400, "no credit")) as model:
        ran = programs.claude(home, model).run("-p", "go", cwd=tmp_path)

    assert ran.returncode == 1
    assert "no credit" in ran.stdout


async def test_a_test_waits_for_what_a_program_asks_its_model(home: Path, tmp_path: Path) -> None:
    with AnthropicModel(Call("Bash", {"command": "sleep 600"})) as model:
        with programs.claude(home, model).start(
            "-p", "a needle", "--allowedTools", "Bash", cwd=tmp_path
        ) as started:
            request = await model.turn(1)

            assert "a needle" in request.text
            assert started.poll() is None
