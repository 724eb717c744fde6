"""A machine on which an agent program runs with Holdfast's hooks: a home, a clone, and what a user types there."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support import programs
from tests.support.fake_models import AnthropicModel
from tests.support.programs import Program

TOOLS = ("--allowedTools", "Bash,TaskCreate,TaskUpdate")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """A home and a clone of the project, with the hooks installed by the command that a user types."""

    folder: Path
    url: str
    program: str = "claude"
    scope: str = "project"
    settings: dict[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for folder in (self.home, self.project):
            folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "-q", self.project], check=True)
        self.holdfast("hooks", "install", self.program, "--scope", self.scope, "--yes", "--no-mcp")

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def holdfast(self, *arguments: str) -> str:
        """A command that a person types beside the agent."""
        ended = subprocess.run(
            [sys.executable, "-m", "holdfast", *arguments],
            env={"HOME": str(self.home), "PATH": programs.PATH, **self.variables},
            cwd=self.project,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    @property
    def variables(self) -> dict[str, str]:
        named = {f"HOLDFAST_{name.upper()}": value for name, value in self.settings.items()}
        return {"HOLDFAST_DATABASE_URL": self.url, **named}

    def with_holdfast(self, program: Program) -> Program:
        """An agent program that finds the database."""
        return dataclasses.replace(program, environment={**program.environment, **self.variables})

    def claude(self, model: AnthropicModel) -> Program:
        return self.with_holdfast(programs.claude(self.home, model))

    def run(self, model: AnthropicModel, *arguments: str) -> dict[str, Any]:
        """One headless run; gives Claude Code's own result."""
        ran = self.claude(model).run(
            "-p", "go on", *arguments, *TOOLS, "--output-format", "json", cwd=self.project
        )
        result: dict[str, Any] = json.loads(ran.stdout)
        return result

    def take_over(self, other: Machine) -> None:
        """What a synchronised home brings: the conversations, under this project's name."""
        conversations = self.home / ".claude" / "projects"
        conversations.mkdir(parents=True, exist_ok=True)
        shutil.copytree(
            other.home / ".claude" / "projects" / _encoded(other.project),
            conversations / _encoded(self.project),
        )


def _encoded(project: Path) -> str:
    """The folder in which Claude Code keeps a project's conversations."""
    return re.sub(r"[^A-Za-z0-9]", "-", str(project))
