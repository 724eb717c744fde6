"""Where a hook and the companion of its session meet: a Unix socket in a folder that is its user's alone.

Standard library only: a hook imports this.
"""

from __future__ import annotations

import os
import stat
import zlib

_TEMPORARY = os.environ.get("TMPDIR", "/tmp")  # noqa: S108 - the folder in it is checked to be its user's alone


def meeting_folder() -> str:
    """The folder of the sockets, made when it is not there.

    Raises:
        PermissionError: it belongs to somebody else, who could answer in the companion's place.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = runtime if runtime and os.path.isdir(runtime) else _TEMPORARY  # noqa: PTH112
    folder = os.path.join(base, f"holdfast-hooks-{os.getuid()}")  # noqa: PTH118
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
    found = os.lstat(folder)
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a folder of this user alone")
    return folder


def meeting_point(session_id: str, incarnation: str) -> str:
    """The socket of one session of one process; short, since a socket's name must be.

    >>> meeting_point("s", "host/7/123").rpartition("/")[2]
    '7-123-1b0ecf0b-cf2713fd.sock'
    """
    host, pid, start = incarnation.split("/")
    marks = f"{zlib.crc32(session_id.encode()):08x}-{zlib.crc32(host.encode()):08x}"
    return os.path.join(meeting_folder(), f"{pid}-{start[-12:]}-{marks}.sock")  # noqa: PTH118
