"""Pages by keys: whatever is added meanwhile, nothing comes twice and nothing that was there is missed."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from holdfast.engine.calls import Row
from holdfast.errors import InvalidValue

Item = TypeVar("Item", bound=BaseModel)
Key = TypeVar("Key")

DEFAULT_LIMIT = 50
MOST = 500

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
After = Annotated[str | None, Query(max_length=300, description="The `next` of the page before.")]
Search = Annotated[str | None, Query(min_length=1, max_length=200, description="A part of it.")]
Open = Annotated[bool, Query(alias="open", description="Only those that are not over.")]


class Page(BaseModel, Generic[Item]):
    """A part of a list; `next` is the `after` of the part that follows, and null at the end."""

    items: list[Item]
    next: str | None = Field(default=None)


def page_of(
    rows: Sequence[Row], limit: int, shape: type[Item], key: Callable[[Row], Sequence[Any]]
) -> Page[Item]:
    """The page of rows of which one more than the page holds was asked for."""
    shown = rows[:limit]
    follows = cursor_of(*key(shown[-1])) if len(rows) > limit else None
    return Page(items=[shape.model_validate(dict(row)) for row in shown], next=follows)


def cursor_of(*keys: Any) -> str:
    """The text that stands for a place in a list.

    >>> cursor_of(7)
    'WyI3Il0'
    """
    text = json.dumps([str(key) for key in keys], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(after: str | None, *kinds: Callable[[str], Key]) -> tuple[Key | None, ...]:
    """The keys that a cursor stands for, each made by its kind; none of them without a cursor.

    Raises:
        InvalidValue: it is no cursor of such a list.

    >>> place("WyI3Il0", int)
    (7,)
    """
    if after is None:
        return (None,) * len(kinds)
    try:
        keys = json.loads(base64.b64decode(_padded(after), altchars=b"-_", validate=True))
        return tuple(kind(key) for kind, key in zip(kinds, keys, strict=True))
    except (binascii.Error, ValueError, TypeError, AttributeError):
        raise InvalidValue(
            f"after = {after!r} is not the `next` of a page of this list.",
            hint="Leave it out for the first page; then give what `next` said.",
        ) from None


def _padded(text: str) -> bytes:
    return (text + "=" * (-len(text) % 4)).encode()
