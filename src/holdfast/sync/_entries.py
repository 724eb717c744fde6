"""An entry of the journal as a line of its file, which says itself whether it is whole."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from holdfast.errors import InvalidValue
from holdfast.model.journal import JournalEntry

END = b"\n"
_DIGEST = 64


def plain(entry: JournalEntry) -> dict[str, Any]:
    """An entry as JSON has it.

    Raises:
        InvalidValue: an argument is not JSON.
    """
    try:
        found: dict[str, Any] = json.loads(
            json.dumps(dataclasses.asdict(entry), default=_plain, allow_nan=False)
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(
            f"The arguments of {entry.function} are not JSON: {error}.",
            hint="Give dicts with text keys, lists, text, finite numbers, ids, times, true, false or null.",
        ) from None
    return found


def _plain(value: object) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
    raise TypeError(f"{type(value).__name__} is not JSON")


def to_line(entry: JournalEntry) -> bytes:
    """The line of an entry, with its end; raises as `plain` does."""
    text = json.dumps(plain(entry), separators=(",", ":"), ensure_ascii=True).encode()
    return digest(text) + b" " + text + END


def from_line(line: bytes) -> JournalEntry | None:
    """The entry of a line, if it is whole."""
    given, text = line[:_DIGEST], line[_DIGEST + 1 :]
    if given != digest(text):
        return None
    try:
        found = json.loads(text)
        return JournalEntry(
            id=UUID(found["id"]),
            at=datetime.fromisoformat(found["at"]),
            venture_id=UUID(found["venture_id"]),
            session_id=str(found["session_id"]),
            epoch=int(found["epoch"]),
            token=UUID(found["token"]),
            function=str(found["function"]),
            arguments=dict(found["arguments"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def digest(text: bytes) -> bytes:
    """What stands before an entry's text.

    >>> digest(b"")[:8]
    b'e3b0c442'
    """
    return hashlib.sha256(text).hexdigest().encode()
