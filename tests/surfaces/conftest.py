"""The command line in a project of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import START, Command, command_line, set_clock


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
    return command_line(monkeypatch, capsys)


def make_project(folder: Path) -> None:
    """A work tree on a branch."""
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/feature/one\n")
