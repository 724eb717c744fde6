"""A project that this user may not write, or not even look into: each file is named in one line, and nothing is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.sync.cache import Cache
from holdfast.sync.journal import Journal
from holdfast.sync.older_file import OlderFile
from tests.support.journals import entry
from tests.unit.test_cache import keep, session

ROOT = Path(__file__).parents[2]
TRIES = """
import asyncio, os, sys
from pathlib import Path
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import HoldfastError
from holdfast.sync.cache import Cache
from holdfast.sync.git import read_work_tree
from holdfast.sync.journal import Journal
from holdfast.sync.older_file import OlderFile
from holdfast.sync.quarantine import Quarantine
from holdfast.sync.reconcile import send_journal
from tests.support.journals import entry
from tests.unit.test_cache import keep, session

project = Path(sys.argv[1])
folder = project / ".holdfast"
if os.getuid() == 0:
    os.setuid(65534)
engine = PostgresEngine("postgresql:///x?host=/nowhere", settings=Settings())
for act in (
    lambda: Journal(folder / "journal").append(entry()),
    lambda: Journal(folder / "journal").remove([entry().id]),
    lambda: Quarantine(folder / "quarantine").keep(entry(), HoldfastError("r")),
    lambda: keep(Cache(folder), session("s2")),
    lambda: OlderFile(project).write("s2", {"currentSd": "SD-2"}),
    lambda: print(bool(Cache(folder).read().problem), bool(OlderFile(project).read("s1").problem)),
    lambda: print(read_work_tree(project).head.value),
    lambda: print(asyncio.run(send_journal(project, engine)).lines),
):
    try:
        act()
    except HoldfastError as error:
        print(error.message)
"""


@pytest.fixture
def project() -> Iterator[Path]:
    """A project with something in every file, where everybody may look."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-read-only-"))
    folder.chmod(0o755)
    (folder / ".claude").mkdir()
    keep(Cache(folder / ".holdfast"), session("s1"))
    Journal(folder / ".holdfast" / "journal").append(entry())
    OlderFile(folder).write("s1", {"currentSd": "SD-1"})
    yield folder
    for one in (folder, *folder.rglob("*")):
        one.chmod(0o755)
    shutil.rmtree(folder)


def close(folder: Path, mode: int) -> dict[Path, bytes]:
    """Take rights away, from the inside out; gives what is in the files."""
    files = {one: one.read_bytes() for one in folder.rglob("*") if one.is_file()}
    for one in (*sorted(folder.rglob("*"), reverse=True), folder):
        one.chmod(mode)
    return files


def tried(project: Path) -> list[str]:
    # As that user it could not keep what it covered.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    ran = subprocess.run(
        [sys.executable, "-c", TRIES, project],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**plain, "HOME": "/"},
    )
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_what_cannot_be_written_is_named(project: Path) -> None:
    before = close(project, 0o555)
    folder = project / ".holdfast"
    assert tried(project) == [
        f"The journal {folder}/journal/entries.log cannot be written: Permission denied.",
        f"The journal {folder}/journal/entries.log cannot be written: Permission denied.",
        f"The quarantine {folder}/quarantine cannot be written: Permission denied.",
        f"The cache {folder}/state.json cannot be written: Permission denied.",
        f"{project}/.claude/auto-proceed-state.json cannot be written: Permission denied.",
        "False False",
        "no git",
        f"('The journal {folder}/journal/entries.log cannot be locked: Permission denied.',)",
    ]
    assert {file: file.read_bytes() for file in before} == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can look into it afterwards")
def test_what_cannot_even_be_looked_into_is_named(project: Path) -> None:
    before = close(project, 0o000)
    told = tried(project)
    assert len(told) == 8
    assert [line.endswith("Permission denied.") for line in told[:5]] == [True] * 5
    # From outside nobody can tell that this is a project: its journal waits for who may look.
    assert told[5:] == ["True True", "no git", "()"]
    assert {file: file.read_bytes() for file in before} == before
