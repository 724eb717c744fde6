"""The command line in a project of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from holdfast.cli import main
from tests.support.command_line import START, Command, Told, set_clock


@pytest.fixture
def cli(
    work_dir: Path,
    holdfast_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """The command line in a project of its own, on a migrated database whose clock stands."""
    make_project(work_dir)
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", holdfast_url)
    set_clock(holdfast_url, START)
    return command(monkeypatch, capsys)


def make_project(folder: Path) -> None:
    """A work tree on a branch."""
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/feature/one\n")


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process."""

    def run(*arguments: object) -> Told:
        monkeypatch.setattr(sys, "argv", ["holdfast", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        captured = capsys.readouterr()
        return Told(code, captured.out, captured.err)

    return run
