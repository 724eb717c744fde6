"""Configuration files of other programs: read as they are, replaced in one step."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from holdfast.errors import ConfigError


def read(file: Path) -> str | None:
    """The text of a file to the byte, or nothing where there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return file.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigError(f"{file} cannot be read: {why}.", hint="Correct the file.") from error


def replace(file: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one; its rights stay, and a link to it too.

    Raises:
        ConfigError: it cannot be written; what was there is there still.
    """
    target = file.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode(target)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as made:
                made.write(text.encode())
                made.flush()
                os.fchmod(made.fileno(), mode)
                os.fsync(made.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written: {error.strerror}.",
            hint="Make it writable.",
        ) from error


def delete(file: Path, *, with_folder: bool) -> None:
    """Take a file away, and the folder it lay in if that is empty then."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be deleted: {error.strerror}.", hint="Delete it by hand."
        ) from error
    if with_folder:
        with contextlib.suppress(OSError):
            file.parent.rmdir()


def _mode(target: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return stat.S_IMODE(target.stat().st_mode)
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask
