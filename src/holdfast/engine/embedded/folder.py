"""Where an embedded server keeps what: its data, its locks, its log, its socket."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import stat
import sys
from pathlib import Path

from holdfast.engine.embedded.binaries import SYSTEM_FOLDER
from holdfast.engine.embedded.users import User, reaches, server_user
from holdfast.errors import EmbeddedServerFailed

_PROJECT_MARKS = ("holdfast.toml", ".holdfast", ".git")
# Not the environment's idea of a temporary folder: every process must come to the same one, and a socket's path has
# room for about a hundred characters.
_SOCKETS = Path("/tmp")  # noqa: S108  # the folder in it is ours alone, which is checked


def default_data_dir(start: Path) -> Path:
    """The data folder for who works in `start`: the project's, else the user's."""
    for folder in (start, *start.parents):
        if any((folder / name).exists() for name in _PROJECT_MARKS):
            return folder / ".holdfast" / "postgres"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "holdfast" / "postgres"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "holdfast" / "postgres"


@dataclasses.dataclass(frozen=True)
class Folder:
    """The places of one server."""

    data_dir: Path
    cluster: Path
    user: User | None
    """As whom the server runs; None means as oneself."""

    @classmethod
    def of(cls, data_dir: Path) -> Folder:
        """The places that belong to a data folder, which is made when it is not there yet.

        Raises:
            EmbeddedServerFailed: it cannot be made or written to.
        """
        data_dir = data_dir.resolve()
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            (data_dir / "start.lock").touch()
        except OSError as error:
            raise EmbeddedServerFailed(
                f"The data folder {data_dir} cannot be written to: {error.strerror}.",
                hint="Name another in HOLDFAST_DATA_DIR.",
            ) from error
        cluster = data_dir / "cluster"
        user = server_user(cluster)
        if user is not None and not reaches(user, data_dir):
            cluster = SYSTEM_FOLDER / f"{data_dir.name}-{_digest(data_dir)}"
            user = server_user(cluster)
            (data_dir / "README").write_text(
                f"The server runs as the user {user.name if user else ''}, who cannot come here; its data is in {cluster}\n"
            )
        return cls(data_dir, cluster, user)

    @property
    def keep_marker(self) -> Path:
        """While this file is here, the server stays up when the last program leaves."""
        return self.data_dir / "keep"

    @property
    def socket_dir(self) -> Path:
        """Where the server listens, and nowhere else."""
        return self._sockets / _digest(self.data_dir)

    @property
    def _owner(self) -> int:
        return self.user.uid if self.user else os.geteuid()

    @property
    def _sockets(self) -> Path:
        return _SOCKETS / f"holdfast-{self._owner}"

    def make_socket_dir(self) -> None:
        """Make the socket's folder, which only the server's user may enter.

        Raises:
            EmbeddedServerFailed: somebody else has made a folder of that name.
        """
        for folder in (self._sockets, self.socket_dir):
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            if found.st_uid == os.geteuid() and self.user is not None:
                os.chown(folder, self.user.uid, self.user.gid)
                found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != self._owner or found.st_mode & 0o077:
                raise EmbeddedServerFailed(
                    f"{folder} is not a folder that only the server's user may enter.",
                    hint="Another user of this machine may have made it: remove it.",
                )


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:16]
