"""The engine's SQL, read from the package's `sql` folder; no other module holds SQL."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from importlib import resources
from importlib.resources.abc import Traversable

DEFINITION_FOLDERS = ("functions", "views", "policies")
_MIGRATION_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Migration:
    """One numbered file; once applied, its text never changes again."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, as the ledger keeps it."""
        return _digest(self.text)


@functools.cache
def migrations() -> tuple[Migration, ...]:
    """Every migration, in order.

    >>> migrations()[0].name
    'ventures'
    """
    found = []
    for file in _files("migrations"):
        match = _MIGRATION_NAME.match(file.name)
        assert match is not None, f"{file.name} is no migration's name"
        found.append(
            Migration(number=int(match[1]), name=match[2], text=file.read_text(encoding="utf-8"))
        )
    return tuple(found)


@functools.cache
def definitions() -> str:
    """The functions, views and policies as one text, in the order in which they are applied."""
    texts = [
        file.read_text(encoding="utf-8") for folder in DEFINITION_FOLDERS for file in _files(folder)
    ]
    return "\n".join(texts)


def definitions_checksum() -> str:
    """SHA-256 of `definitions`, with how they are replaced."""
    return _digest(definitions() + undefine())


@functools.cache
def query(name: str) -> str:
    """The text of `sql/queries/<name>.sql`.

    >>> query("fingerprint").startswith("-- What each object")
    True
    """
    return (_root() / "queries" / f"{name}.sql").read_text(encoding="utf-8")


@functools.cache
def target_query(name: str) -> str:
    """The text of `sql/targets/<name>.sql`, which is asked of databases that are not ours.

    >>> target_query("schemas").startswith("-- The schemas")
    True
    """
    return (_root() / "targets" / f"{name}.sql").read_text(encoding="utf-8")


def ledger() -> str:
    """The tables that say what is applied."""
    return (_root() / "ledger.sql").read_text(encoding="utf-8")


def undefine() -> str:
    """Drops the functions, views and policies, so that they can be defined anew."""
    return (_root() / "undefine.sql").read_text(encoding="utf-8")


def _root() -> Traversable:
    return resources.files("holdfast") / "sql"


def _files(folder: str) -> list[Traversable]:
    files = [file for file in (_root() / folder).iterdir() if file.name.endswith(".sql")]
    return sorted(files, key=lambda file: file.name)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
