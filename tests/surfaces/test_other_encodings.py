"""Where the terminal does not speak UTF-8: files are read as what they are, and nothing that is told fails for a sign."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLAN = """
name: Größe → Höhe
steps:
  - id: one
    title: Größe
    command: ["true"]
"""
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def told(url: str, folder: Path, *arguments: str) -> bytes:
    kept = {name: one for name, one in os.environ.items() if name != "PYTHONIOENCODING"}
    ran = subprocess.run(
        [sys.executable, "-m", "holdfast", *arguments],
        env=kept | ASCII | {"HOLDFAST_DATABASE_URL": url},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "holdfast.toml").write_text('venture = "default" # ö\n', encoding="utf-8")
    return tmp_path


def test_people_are_told_in_plain_signs(holdfast_url: str, folder: Path) -> None:
    shown = told(holdfast_url, folder, "run", "plan.yaml", "--dry-run").decode("ascii")
    assert shown.splitlines()[0] == "Gr\\xf6\\xdfe -> H\\xf6he"


def test_programs_are_told_all_of_it(holdfast_url: str, folder: Path) -> None:
    tree = "{key: SD-1, title: Größe → Höhe}"
    (folder / "tree.yaml").write_text(tree, encoding="utf-8")
    told(holdfast_url, folder, "directive", "import", "tree.yaml")
    [row] = json.loads(told(holdfast_url, folder, "directive", "list", "--json").decode("ascii"))
    assert row["title"] == "Größe → Höhe"


def test_what_becomes_a_file_is_utf8(holdfast_url: str, folder: Path) -> None:
    assert "…" in told(holdfast_url, folder, "db", "script").decode()
