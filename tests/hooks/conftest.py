"""A user's home with a project in it, and `holdfast hooks` there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from holdfast.cli import main


@pytest.fixture
def home(work_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a home folder of its own, with our programs on PATH."""
    home = work_dir / "home"
    project = home / "project"
    (project / ".git").mkdir(parents=True)
    programs = work_dir / "bin"
    programs.mkdir()
    for name in ("holdfast", "holdfast-hook"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    for variable in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "GEMINI_CLI_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.chdir(project)
    return home


Hooks: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hooks(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hooks:
    """`holdfast hooks …` in that project; gives the exit code and what was told."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["holdfast", "hooks", *arguments])
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run
