"""Joining and leaving the server of a data folder."""

from __future__ import annotations

import atexit
import dataclasses
from pathlib import Path
from urllib.parse import quote

from holdfast.engine.embedded import binaries
from holdfast.engine.embedded.folder import Folder
from holdfast.engine.embedded.holders import Hold, anybody, starting_or_stopping
from holdfast.engine.embedded.postmaster import DATABASE, PORT, SUPERUSER, Postmaster

@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class EmbeddedServer:
    """A server that this process uses until it leaves."""

    data_dir: Path
    socket_dir: Path
    port: int
    _postmaster: Postmaster = dataclasses.field(repr=False)
    _hold: Hold = dataclasses.field(repr=False)

    @property
    def url(self) -> str:
        """Its address, for asyncpg and for psql."""
        return f"postgresql:///{DATABASE}?host={quote(str(self.socket_dir))}&port={self.port}&user={SUPERUSER}"

    def leave(self) -> None:
        """Use it no longer; the last one to leave stops it, unless it is kept. Leaving twice is safe."""
        if self not in _joined:
            return
        _joined.discard(self)
        with starting_or_stopping(self.data_dir):
            self._hold.drop()
            _stop_if_unused(self._postmaster)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerStatus:
    """How the server of a data folder stands."""

    running: bool
    in_use: bool
    kept: bool


_joined: set[EmbeddedServer] = set()


def join(
    data_dir: Path, *, bin_dir: Path | None = None, fsync: bool = True, timeout_seconds: float = 60
) -> EmbeddedServer:
    """Use the server of a data folder, and start it if it does not run. Blocks until it answers.

    Args:
        data_dir: the folder; it is made when it is not there yet.
        bin_dir: the server's programs; unset means those of the wheel.
        fsync: whether what is committed survives a power cut; only tests do without.
        timeout_seconds: how long a start may take, crash recovery included.

    Raises:
        EmbeddedServerFailed: it does not start; the text says why.
        DiskFull: there is no room for it.
    """
    folder = Folder.of(data_dir)
    with starting_or_stopping(folder.data_dir):
        hold = Hold(folder.data_dir)
        try:
            postmaster = Postmaster(folder, binaries.find(bin_dir, folder.user))
            if not postmaster.answers():
                postmaster.start(fsync=fsync, timeout_seconds=timeout_seconds)
        except BaseException:
            hold.drop()
            raise
    server = EmbeddedServer(
        data_dir=folder.data_dir,
        socket_dir=folder.socket_dir,
        port=PORT,
        _postmaster=postmaster,
        _hold=hold,
    )
    _joined.add(server)
    return server


def keep(data_dir: Path) -> None:
    """Let the server stay up when the last program leaves it."""
    Folder.of(data_dir).keep_marker.touch()


def release(data_dir: Path) -> None:
    """Let the server stop again: now, or when the last program leaves it."""
    folder = Folder.of(data_dir)
    with starting_or_stopping(folder.data_dir):
        folder.keep_marker.unlink(missing_ok=True)
        _stop_if_unused(Postmaster(folder, binaries.find(None, folder.user)))


def is_running(data_dir: Path) -> ServerStatus:
    """How the server of a data folder stands; starts nothing."""
    folder = Folder.of(data_dir)
    postmaster = Postmaster(folder, binaries.find(None, folder.user))
    return ServerStatus(
        running=postmaster.answers(), in_use=anybody(folder.data_dir), kept=folder.keep_marker.exists()
    )


def _stop_if_unused(postmaster: Postmaster) -> None:
    folder = postmaster.folder
    if not folder.keep_marker.exists() and not anybody(folder.data_dir):
        postmaster.stop()


@atexit.register
def _leave_all() -> None:
    """Who forgot to leave does so at the end of the process."""
    for server in list(_joined):
        server.leave()
