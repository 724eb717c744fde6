"""Wrong arguments are told like every other error, and what is piped is one line for one thing."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_SECONDS
from tests.support.workers import holdfast


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        ("sesion list", "No such command 'sesion'.", "Did you mean session?"),
        ("session strt", "No such command 'strt'.", "Did you mean start?"),
        ("frobnicate", "No such command 'frobnicate'.", "Look at: holdfast --help"),
        ("session list --jsn", "No such option: --jsn.", "Did you mean --json?"),
        ("plan tick x", "Missing argument 'condition'.", "Look at: holdfast plan tick --help"),
        (
            "hooks install claude --scope projet",
            "Invalid value for '--scope': 'projet' is not one of 'project', 'local', 'user'.",
            "Did you mean project?",
        ),
        (
            "session list --venture",
            "Option '--venture' requires an argument.",
            "Look at: holdfast --help",
        ),
    ],
)
def test_wrong_arguments_are_told_in_two_lines(
    work_dir: Path, arguments: str, error: str, hint: str
) -> None:
    done = holdfast(*arguments.split(), url=None, cwd=work_dir)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [f"error: {error}", f"next:  {hint}"]


def test_a_group_without_a_command_shows_its_help(work_dir: Path) -> None:
    done = holdfast("session", url=None, cwd=work_dir)

    assert done.returncode == 2
    assert "Usage: holdfast session" in done.stdout
    assert done.stderr == ""


def test_the_version_is_told(work_dir: Path) -> None:
    done = holdfast("--version", url=None, cwd=work_dir)

    assert (done.returncode, done.stdout) == (0, f"holdfast {version('holdfast')}\n")


def test_only_the_command_that_is_called_is_imported() -> None:
    code = (
        "import sys, holdfast.cli as cli; list(cli._commands.Commands());"
        "print([name for name in sys.modules if name in ('asyncpg', 'holdfast.client')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_a_table_does_not_wrap_in_a_pipe(work_dir: Path, holdfast_url: str) -> None:
    title = "a title that is longer than a terminal of eighty columns is wide, by quite a few words"
    assert (
        holdfast("directive", "add", "SD-1", title, url=holdfast_url, cwd=work_dir).returncode == 0
    )
    environment = {n: v for n, v in os.environ.items() if n not in ("COLUMNS", "FORCE_COLOR")}

    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "directive", "list"],
        env={**environment, "HOLDFAST_DATABASE_URL": holdfast_url},
        cwd=work_dir,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=True,
    )

    assert title in done.stdout
    assert not [
        line for line in done.stdout.splitlines() if line != line.rstrip() and len(line) > 500
    ]
