"""`.holdfast/quarantine/`: what the database refused to take from the journal, one file each.

Nothing in it is ever applied, and Holdfast never deletes from it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from holdfast.engine.embedded import default_data_dir
from holdfast.errors import HoldfastError
from holdfast.model.journal import JournalEntry
from holdfast.sync._entries import plain
from holdfast.sync.files import make_folder, write_atomically


class Quarantine:
    """The quarantine of one project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_project(cls, start: Path) -> Quarantine:
        """The quarantine of the project that a folder belongs to, else the user's own."""
        return cls(default_data_dir(start).parent / "quarantine")

    def file_of(self, entry_id: UUID) -> Path:
        """Where an entry is kept, if it was refused."""
        return self.folder / f"{entry_id}.json"

    def holds(self, entry_id: UUID) -> bool:
        """Whether an entry was refused before; raises as `keep` does."""
        with self._errors_told("read"):
            return self.file_of(entry_id).exists()

    def keep(self, entry: JournalEntry, refusal: HoldfastError) -> Path:
        """Keep a refused entry with the reason; when this returns, it is on disk.

        Raises:
            HoldfastError: it cannot be written.
        """
        about = {
            "refused_at": datetime.now(UTC).isoformat(),
            "code": refusal.code,
            "reason": refusal.message,
            "next": refusal.hint,
            "entry": plain(entry),
        }
        return self._keep(self.file_of(entry.id), json.dumps(about, indent=2).encode() + b"\n")

    def keep_damaged(self, line: bytes) -> Path:
        """Keep a line of the journal that is not whole, as it is; raises as `keep` does."""
        name = f"damaged-{hashlib.sha256(line).hexdigest()[:16]}"
        return self._keep(self.folder / name, line)

    def _keep(self, file: Path, content: bytes) -> Path:
        with self._errors_told("written"):
            make_folder(self.folder)
            write_atomically(file, content)
        return file

    @contextlib.contextmanager
    def _errors_told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise HoldfastError(
                f"The quarantine {self.folder} cannot be {what}: {error.strerror}.",
                hint="Make the folder writable; what was refused stays in the journal until then.",
            ) from error
