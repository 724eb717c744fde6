"""The plugin for Claude Code brings what `holdfast hooks install claude` writes, and Claude Code accepts it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.hooks.programs import PROGRAMS
from tests.hooks.conftest import Hooks
from tests.support.fake_models import AnthropicModel, Text
from tests.support.programs import Program, claude
from tests.support.workers import ROOT

PLUGIN = ROOT / "plugins" / "claude-code"


def loaded(file: Path) -> Any:
    return json.loads(file.read_text())


def test_its_hooks_and_its_server_are_what_installing_writes(hooks: Hooks) -> None:
    assert hooks("install", "claude", "--yes")[0] == 0

    assert (
        loaded(PLUGIN / "hooks" / "hooks.json")["hooks"]
        == (loaded(Path(".claude/settings.json"))["hooks"])
    )
    assert loaded(PLUGIN / ".mcp.json") == loaded(Path(".mcp.json"))


def test_its_version_is_holdfasts() -> None:
    [version] = re.findall(
        r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )

    assert loaded(PLUGIN / ".claude-plugin" / "plugin.json")["version"] == version


def test_its_skill_says_what_it_is_for() -> None:
    _, front, body = (PLUGIN / "skills" / "holdfast" / "SKILL.md").read_text().split("---\n", 2)

    head = yaml.safe_load(front)
    assert (head["name"], bool(head["description"])) == ("holdfast", True)
    assert len(body.splitlines()) < 60


def test_its_readme_names_the_status_line_that_installing_sets(hooks: Hooks) -> None:
    hooks("install", "claude", "--yes")

    [given] = re.findall(r"```json\n(.+?)\n```", (PLUGIN / "README.md").read_text(), re.DOTALL)
    assert json.loads(given)["statusLine"] == loaded(Path(".claude/settings.json"))["statusLine"]


@pytest.fixture
def claude_code(home: Path) -> Program:
    """The real one; it is asked about files and never reaches a model."""
    with AnthropicModel(Text("nothing")) as model:
        return claude(home, model)


def test_claude_code_finds_it_valid_and_installs_it_from_this_repository(
    home: Path, claude_code: Program
) -> None:
    for what in (PLUGIN, ROOT):
        checked = claude_code.run("plugin", "validate", "--strict", str(what), cwd=home)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    for command in (["marketplace", "add", str(ROOT)], ["install", "holdfast@holdfast"]):
        done = claude_code.run("plugin", *command, cwd=home)
        assert done.returncode == 0, done.stdout + done.stderr

    settings = loaded(home / ".claude" / "settings.json")
    assert PROGRAMS["claude"].has_plugin(settings)
    listed = claude_code.run("plugin", "details", "holdfast@holdfast", cwd=home).stdout
    for part in ("SessionStart", "TaskCompleted", "holdfast"):
        assert part in listed
