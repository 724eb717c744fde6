"""The project's journal, `.holdfast/journal/entries.log`: what sessions wrote while the database was away.

One line an entry: the SHA-256 of what follows, a space, JSON. A line that is not whole says so itself, wherever it
stands, so those around it are read all the same. Lines are only ever added, and removed once the database has them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import uuid
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.engine.embedded import default_data_dir
from holdfast.errors import HoldfastError, TooLarge
from holdfast.model.journal import JournalEntry
from holdfast.sync._entries import END, from_line, to_line
from holdfast.sync.cache import CachedSession
from holdfast.sync.files import locked, locked_if_free, sync_folder, write_atomically

__all__ = ["Journal", "JournalEntry", "JournalState"]

FILE_NAME = "entries.log"
MOST_BYTES = 16 * 1024 * 1024
MOST_ENTRY_BYTES = 1024 * 1024
_LOCK_NAME = "journal.lock"
_REPLAY_LOCK_NAME = "replay.lock"


@dataclasses.dataclass(frozen=True, kw_only=True)
class JournalState:
    """What the journal says: its whole entries, oldest first, and the lines that are not whole."""

    entries: tuple[JournalEntry, ...] = ()
    damaged: tuple[bytes, ...] = ()


class Journal:
    """The journal of one project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_project(cls, start: Path) -> Journal:
        """The journal of the project that a folder belongs to, else the user's own."""
        return cls(default_data_dir(start).parent / "journal")

    @property
    def file(self) -> Path:
        """Where it lies."""
        return self.folder / FILE_NAME

    def append(self, entry: JournalEntry) -> None:
        """Add an entry; when this returns, it is on disk.

        Raises:
            TooLarge: the entry is, or the journal would be.
            InvalidValue: an argument is not JSON.
            HoldfastError: it cannot be written; the journal is as it was.
        """
        line = to_line(entry)
        if len(line) > MOST_ENTRY_BYTES:
            raise TooLarge(
                f"The entry {entry.function} has {len(line)} bytes; the journal takes {MOST_ENTRY_BYTES}.",
                hint="Keep large texts in a file and give its path.",
            )
        with self._errors_told("written"), locked(self.folder, _LOCK_NAME):
            self._add(line)

    def write(self, session: CachedSession, function: str, /, **arguments: Any) -> JournalEntry:
        """Add a session's call of an engine function, under the lease that the cache keeps; raises as `append` does.

        Args:
            session: the session; `function` is one of those that `replay_entry` takes.
            function: its name.
            arguments: its arguments, without the session's fence and the venture.
        """
        entry = JournalEntry(
            id=uuid.uuid4(),
            at=datetime.now(UTC),
            venture_id=session.venture_id,
            session_id=session.session_id,
            epoch=session.epoch,
            token=session.token,
            function=function,
            arguments=arguments,
        )
        self.append(entry)
        return entry

    def read(self) -> JournalState:
        """What it says now, whatever is in the file.

        Raises:
            HoldfastError: the file cannot be opened.
        """
        found = [(line, from_line(line)) for line in self._lines()]
        return JournalState(
            entries=tuple(entry for _, entry in found if entry is not None),
            damaged=tuple(line for line, entry in found if entry is None),
        )

    @property
    def is_there(self) -> bool:
        """Whether there is a journal at all; raises as `read` does."""
        with self._errors_told("read"):
            return self.file.exists()

    def entries(self) -> tuple[JournalEntry, ...]:
        """Its whole entries, oldest first; raises as `read` does."""
        return self.read().entries

    def remove(self, ids: Collection[UUID], damaged: Collection[bytes] = ()) -> None:
        """Take entries out, and damaged lines that are kept elsewhere; what came meanwhile stays.

        Raises:
            HoldfastError: the file cannot be written; it is as it was.
        """
        gone, broken = set(ids), set(damaged)
        with self._errors_told("written"), locked(self.folder, _LOCK_NAME):
            kept = [line for line in self._lines() if not _is_among(line, gone, broken)]
            if kept:
                write_atomically(self.file, b"".join(line + END for line in kept))
            else:
                self.file.unlink(missing_ok=True)
                sync_folder(self.folder)

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Be the only one who sends it, or be told that another does; adding to it goes on meanwhile.

        Raises:
            HoldfastError: the folder cannot be written.
        """
        with (
            self._errors_told("locked"),
            locked_if_free(self.folder, _REPLAY_LOCK_NAME) as is_alone,
        ):
            yield is_alone

    def _lines(self) -> list[bytes]:
        with self._errors_told("read"):
            try:
                text = self.file.read_bytes()
            except FileNotFoundError:
                return []
        return [line for line in text.split(END) if line]

    def _add(self, line: bytes) -> None:
        is_new = not self.file.exists()
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "r+b", buffering=0) as file:
            size = os.fstat(handle).st_size
            self._require_room(size + len(line))
            # What a crash has cut off must not take the next entry with it.
            if size and os.pread(handle, 1, size - 1) != END:
                line = END + line
            try:
                _write_whole(handle, line)
                os.fsync(handle)
            except BaseException:  # the caller is told that it is not there
                with contextlib.suppress(OSError):
                    file.truncate(size)
                raise
        if is_new:
            sync_folder(self.folder)

    def _require_room(self, size: int) -> None:
        if size > MOST_BYTES:
            raise TooLarge(
                f"The journal {self.file} is full: {size} bytes; it takes {MOST_BYTES}.",
                hint="Bring the database back; any command that reaches it sends what is in the journal.",
            )

    @contextlib.contextmanager
    def _errors_told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise HoldfastError(
                f"The journal {self.file} cannot be {what}: {error.strerror}.",
                hint="Make the folder writable; the journal keeps what the database cannot take now.",
            ) from error


def _write_whole(handle: int, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _is_among(line: bytes, ids: set[UUID], damaged: set[bytes]) -> bool:
    entry = from_line(line)
    return line in damaged if entry is None else entry.id in ids
