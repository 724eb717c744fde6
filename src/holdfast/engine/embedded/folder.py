"""The data folder: what lies where, and where it is when the server's user cannot reach the wanted one."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from holdfast.engine.embedded import locks
from holdfast.engine.embedded.identity import Identity, identity_for
from holdfast.errors import DiskFull, EmbeddedServerFailed

SYSTEM_DIR = Path("/var/lib/holdfast")
_POINTER = "location"
ELSEWHERE = (
    "Set HOLDFAST_DATA_DIR to a folder you can write to, or HOLDFAST_DATABASE_URL to a server."
)


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folder in which everything of one server lies, except its socket."""

    path: Path

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.path / "cluster"

    @property
    def log(self) -> Path:
        """What the server said."""
        return self.path / "server.log"

    @property
    def keep_file(self) -> Path:
        """Its being there keeps the server running without users."""
        return self.path / "keep"

    @property
    def holders_lock(self) -> Path:
        """Shared by all who use the server."""
        return self.path / "holders.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server's processes."""
        return self.path / "server.lock"

    def starting(self, deadline: float) -> AbstractContextManager[None]:
        """Be the only one who starts or stops the server while the block runs."""
        return locks.exclusive(self.path / "start.lock", deadline)

    @property
    def identity(self) -> Identity:
        """Who runs the server."""
        return identity_for(self.cluster)


@contextmanager
def errors_explained(data_dir: Path) -> Iterator[None]:
    """Turn what the operating system refuses into one clear error."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"The disk that holds {data_dir} is full.", hint="Free some space, then try again."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise EmbeddedServerFailed(
                f"The data folder {data_dir} cannot be written: {error}.", hint=ELSEWHERE
            ) from error
        raise EmbeddedServerFailed(
            f"The data folder {data_dir} cannot be used: {error}.", hint=ELSEWHERE
        ) from error


def find(data_dir: Path) -> Home | None:
    """The folder as it is, or None if nobody has made it."""
    wanted = data_dir.resolve()
    if not wanted.is_dir():
        return None
    return _pointed_at(wanted) or Home(path=wanted)


def prepare(data_dir: Path, deadline: float) -> Home:
    """Make the folder if it is not there, in a place where the server's user can reach it.

    As root the server runs as another user, which may not reach the wanted folder (`/root` is closed to others).
    No permission of a folder that is not ours is ever changed: then the server lies in `/var/lib/holdfast`, and
    a file in the wanted folder says where.
    """
    wanted = data_dir.resolve()
    if (wanted / "PG_VERSION").exists():
        raise EmbeddedServerFailed(
            f"{wanted} is a PostgreSQL data directory of somebody else's making.", hint=ELSEWHERE
        )
    # Root's folder is open to be passed through by the server's user, but not to be listed.
    wanted.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    home = Home(path=wanted)
    if home.cluster.exists():
        return home
    if os.geteuid() != 0:
        return home
    with locks.exclusive(wanted / "place.lock", deadline):
        pointed = _pointed_at(wanted)
        if pointed is not None:
            return pointed
        if home.identity.can_enter(wanted):
            return home
        return _place_elsewhere(wanted)


def open_system_dir() -> Path:
    """The system's folder for what root cannot keep in its own."""
    SYSTEM_DIR.mkdir(parents=True, exist_ok=True)
    SYSTEM_DIR.chmod(0o755)
    return SYSTEM_DIR


def _place_elsewhere(wanted: Path) -> Home:
    # The name is random too: who deletes the wanted folder and makes it again gets an empty database.
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:8]
    place = open_system_dir() / f"{wanted.name}-{digest}-{secrets.token_hex(4)}"
    place.mkdir()
    place.chmod(0o711)
    pointer = wanted / f"{_POINTER}.new"
    pointer.write_text(f"{place}\n", encoding="utf-8")
    pointer.rename(wanted / _POINTER)
    return Home(path=place)


def _pointed_at(wanted: Path) -> Home | None:
    pointer = wanted / _POINTER
    try:
        # Only root writes it; another's must not lead root astray.
        if os.geteuid() != 0 or pointer.lstat().st_uid != 0:
            return None
        place = Path(pointer.read_text(encoding="utf-8").strip())
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not place.is_dir():
        raise EmbeddedServerFailed(
            f"{pointer} says that the database is in {place}, which is not there.",
            hint=f"Bring {place} back, or delete {pointer} to begin with an empty database.",
        )
    return Home(path=place)
