"""Files that survive a crash and a second process: locks, atomic writes, and what git must not see."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

PROJECT_FOLDER = ".holdfast"


@contextlib.contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """Be the only one; the kernel frees the lock of a process that dies."""
    handle = _open_lock(folder, name)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked_if_free(folder: Path, name: str) -> Iterator[bool]:
    """Be the only one, or be told at once that another is."""
    handle = _open_lock(folder, name)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _open_lock(folder: Path, name: str) -> int:
    make_folder(folder)
    return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def make_folder(folder: Path) -> None:
    """Make a folder; a project's own is hidden from git, since it holds tokens."""
    # Open to others as an embedded server in it needs; the files themselves are not.
    folder.mkdir(parents=True, exist_ok=True)
    for one in (folder, *folder.parents):
        if one.name == PROJECT_FOLDER:
            with contextlib.suppress(FileExistsError), (one / ".gitignore").open("x") as file:
                file.write("*\n")
            return


def write_atomically(file: Path, content: bytes) -> None:
    """Give a file new contents: a reader, and a crash, see the old ones or the new ones."""
    # Rename is atomic, and the text is on disk before its name is.
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_aside(file: Path) -> None:
    """Rename a damaged file: what is in it may be wanted still."""
    with contextlib.suppress(FileNotFoundError):
        file.rename(file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"))
