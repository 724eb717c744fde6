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
    (work_dir / ".git").mkdir()
    (work_dir / ".git" / "HEAD").write_text("ref: refs/heads/feature/one\n")
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", holdfast_url)
    set_clock(holdfast_url, START)

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
