"""What hatch makes: a wheel with the dashboard in it, and an sdist that a wheel is made from without npm."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = "<!doctype html><div id=root></div>"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree whose dashboard counts as built."""
    tree = tmp_path_factory.mktemp("packages") / "tree"
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    built = tree / "src" / "holdfast" / "web"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(PAGE)
    (built / "assets" / "index-1a2b.js").write_text("hold()")
    (built / ".sources").write_text(_digest(tree))
    return tree


def test_the_wheel_has_the_dashboard_and_the_engines_text(tree: Path, tmp_path: Path) -> None:
    names = zipfile.ZipFile(_make("wheel", tree, tmp_path)).namelist()
    assert {"holdfast/web/index.html", "holdfast/web/assets/index-1a2b.js"} <= set(names)
    assert "holdfast/sql/migrations/0001_ventures.sql" in names
    assert not [name for name in names if "node_modules" in name or name.startswith("web/")]


def test_a_wheel_is_made_from_the_sdist_without_npm(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", _make("sdist", tree, tmp_path), "-C", folder], check=True)
    [unpacked] = folder.iterdir()
    assert (unpacked / "web" / "package-lock.json").is_file()
    wheel = zipfile.ZipFile(_make("wheel", unpacked, tmp_path))
    assert wheel.read("holdfast/web/index.html").decode() == PAGE


def test_another_source_asks_for_another_build(tree: Path) -> None:
    before = _digest(tree)
    icon = tree / "web" / "app" / "public" / "icon.svg"
    kept = icon.read_text()
    try:
        icon.write_text(kept + "\n")
        assert _digest(tree) != before
    finally:
        icon.write_text(kept)
    assert _digest(tree) == before


def test_the_lock_file_names_no_registry() -> None:
    lock = (ROOT / "web" / "package-lock.json").read_text()
    assert "http://" not in lock
    assert '"resolved": "http' not in lock


def _make(target: str, tree: Path, into: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [made] = into.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


def _digest(tree: Path) -> str:
    """What the build script of a tree makes of its sources."""
    digest: str = runpy.run_path(str(tree / "web" / "build.py"))["digest"]()
    return digest
