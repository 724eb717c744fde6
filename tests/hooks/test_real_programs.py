"""The real programs read what we install, and call it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.hooks.conftest import Hooks
from tests.support import programs
from tests.support.fake_models import AnthropicModel, Call, GeminiModel, OpenAIModel, Text

COMMAND = "echo done"


@pytest.fixture
def heard(work_dir: Path) -> Path:
    """Where our command writes down each event that it is given, instead of handling it."""
    file = work_dir / "heard"
    hook = work_dir / "bin" / "holdfast-hook"
    hook.write_text(f"#!/bin/sh\n{{ printf '%s ' \"$*\"; cat; echo; }} >> {file}\n")
    return file


def events(heard: Path, program: str) -> list[str]:
    """The names of the events, in order; each came with a session's id."""
    found = []
    for line in heard.read_text().splitlines():
        if line.strip():
            named, _, event = line.partition(" {")
            assert named == program
            said = json.loads("{" + event)
            assert said["session_id"]
            found.append(said["hook_event_name"])
    return found


def test_claude_code_calls_us(hooks: Hooks, heard: Path, home: Path) -> None:
    hooks("install", "claude", "--yes", "--no-mcp")
    with AnthropicModel(Call("Bash", {"command": COMMAND}), Text("It is done.")) as model:
        claude = programs.claude(home, model)
        ran = claude.run(
            "-p", "go", "--allowedTools", "Bash", cwd=Path.cwd(), PATH=os.environ["PATH"]
        )

    assert ran.returncode == 0, ran
    assert events(heard, "claude") == [
        "SessionStart",
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "Stop",
        "SessionEnd",
    ]


def test_codex_calls_us(hooks: Hooks, heard: Path, home: Path) -> None:
    hooks("install", "codex", "--scope", "user", "--yes", "--no-mcp")
    with OpenAIModel(Call("exec_command", {"cmd": COMMAND}), Text("It is done.")) as model:
        codex = programs.codex(home, model)
        # What a person does in /hooks.
        trust = "--dangerously-bypass-hook-trust"
        ran = codex.run(
            "exec", "--skip-git-repo-check", trust, "go", cwd=Path.cwd(), PATH=os.environ["PATH"]
        )

    assert ran.returncode == 0, ran
    assert events(heard, "codex") == [
        "SessionStart",
        "UserPromptSubmit",
        "PreToolUse",
        "PostToolUse",
        "Stop",
        "SessionEnd",
    ]


def test_gemini_calls_us(hooks: Hooks, heard: Path, home: Path) -> None:
    call = Call("run_shell_command", {"command": COMMAND, "description": "say"})
    with GeminiModel(call, Text("It is done.")) as model:
        gemini = programs.gemini(home, model)
        hooks("install", "gemini", "--scope", "user", "--yes", "--no-mcp")
        ran = gemini.run(
            "-p",
            "go",
            "--skip-trust",
            "-y",
            cwd=Path.cwd(),
            PATH=f"{os.environ['PATH']}:{programs.PATH}",
        )

    assert ran.returncode == 0, ran
    # It waits for no hook when it ends.
    assert [one for one in events(heard, "gemini") if one != "SessionEnd"] == [
        "SessionStart",
        "BeforeAgent",
        "BeforeTool",
        "AfterTool",
        "AfterAgent",
    ]
