"""A migration: a file of SQL, its forms for an SQL editor and for a direct connection."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from pathlib import Path

from holdfast.changes.statements import Statement, split
from holdfast.engine import texts
from holdfast.errors import InvalidValue

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_INDEX = re.compile(r"\s*(?:create\s+(?:unique\s+)?|drop\s+)index\s+(concurrently\s+)?", re.I)
_ANY_CONCURRENTLY = re.compile(
    r"\s*(?:(?:create\s+(?:unique\s+)?|drop\s+)index|reindex|alter\s+table\b.*\bdetach\s+partition)\b",
    re.I | re.S,
)
_MADE = re.compile(
    r"\s*create\s+(?:(?:global|local)\s+)?(?:temp(?:orary)?\s+|unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?",
    re.I,
)
_NAMED = re.compile(r'((?:"(?:[^"]|"")+"|[\w$]+)(?:\s*\.\s*(?:"(?:[^"]|"")+"|[\w$]+))?)')
_ON = re.compile(r"\bon\s+(?:only\s+)?", re.I)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Migration:
    """A file of SQL under the name by which the ledger knows it."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of its text, whatever its line ends are."""
        return digest(self.text)

    @functools.cached_property
    def statements(self) -> list[Statement]:
        """What it consists of."""
        return split(self.text)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Index:
    """The index that a statement builds or drops, as the statement names it."""

    name: str
    table: str | None


def read(file: Path, name: str | None = None) -> Migration:
    """Read a migration.

    Raises:
        InvalidValue: it cannot be read, has no statement, or makes its own transactions.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{file} cannot be read: {error}", hint="Name a file of SQL.") from error
    migration = Migration(name=name or file.stem, text=text)
    if not _NAME.fullmatch(migration.name):
        raise InvalidValue(
            f"{migration.name!r} is no name of a migration.",
            hint="Letters, digits, dots, dashes and underscores: --name NAME",
        )
    if not migration.statements:
        raise InvalidValue(f"{file} has no statement.", hint="Write the change into it.")
    for one in migration.statements:
        if one.control:
            raise InvalidValue(
                f"{file} line {one.line}: {one.control} begins or ends a transaction.",
                hint="Leave it out: Holdfast makes the transactions.",
            )
    return migration


def digest(text: str) -> str:
    """SHA-256 of a text, whatever its line ends are."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def for_pasting(migration: Migration) -> str:
    """The migration for an SQL editor: one transaction, without CONCURRENTLY, with its entry in the ledger.

    Raises:
        InvalidValue: a statement can only stand alone, such as `vacuum`.
    """
    statements = [_not_concurrently(one) for one in migration.statements]
    template = texts.target_query("paste")
    values = {
        "name": migration.name,
        "checksum": migration.checksum,
        "count": str(len(statements)),
        "ledger": texts.target_query("ledger").strip(),
        "statements": "\n\n".join(_ended(one) for one in statements),
    }
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], template)


def for_direct(migration: Migration) -> str:
    """Its twin for a direct connection: indexes of tables that are there already are built CONCURRENTLY."""
    made = {_table_made(one) for one in migration.statements} - {None}
    return "\n\n".join(_ended(_concurrently(one, made)) for one in migration.statements) + "\n"


def index_of(statement: Statement) -> Index | None:
    """The index that a statement builds or drops.

    >>> index_of(split('create index concurrently if not exists a on "T" (x)')[0])
    Index(name='a', table='"T"')
    """
    found = _INDEX.match(statement.code)
    if found is None:
        return None
    skipped = re.compile(r"if\s+(?:not\s+)?exists\s+", re.I).match(statement.code, found.end())
    name = _NAMED.match(statement.text, skipped.end() if skipped else found.end())
    on = _ON.search(statement.code, found.end())
    table = _NAMED.match(statement.text, on.end()) if on else None
    if name is None or (on and name.end() > on.end()):
        return None
    return Index(name=name[1], table=table[1] if table else None)


def _ended(statement: str) -> str:
    """With its semicolon, which must not become a part of a comment."""
    return f"{statement}\n;" if "--" in statement.rpartition("\n")[2] else f"{statement};"


def _table_made(statement: Statement) -> str | None:
    found = _MADE.match(statement.code)
    named = _NAMED.match(statement.text, found.end()) if found else None
    return named[1].lower() if named else None


def _not_concurrently(statement: Statement) -> str:
    if not statement.stands_alone:
        return statement.text
    place = re.search(r"\bconcurrently\s*", statement.code, re.I)
    if place is None or not _ANY_CONCURRENTLY.match(statement.code):
        raise InvalidValue(
            f"Line {statement.line} cannot run inside of a transaction, as SQL editors do it.",
            hint="Apply it over a direct connection: holdfast change apply",
        )
    return statement.text[: place.start()] + statement.text[place.end() :]


def _concurrently(statement: Statement, made: set[str | None]) -> str:
    found, index = _INDEX.match(statement.code), index_of(statement)
    if found is None or index is None or found[1] or (index.table or "").lower() in made:
        return statement.text
    return f"{statement.text[: found.end()]}concurrently {statement.text[found.end() :]}"
