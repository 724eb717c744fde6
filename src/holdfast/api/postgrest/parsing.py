"""The query string of a read, as PostgREST has it: `?status=eq.open&order=created_at.desc&limit=10`."""

from __future__ import annotations

import csv
import re
from typing import Any, cast, get_args

from holdfast.engine.by_name import IS_VALUES, Comparison, Filter, Order
from holdfast.engine.catalogue import Relation
from holdfast.errors import InvalidValue

MOST_ROWS = 1000
RESERVED = frozenset({"select", "order", "limit", "offset", "venture"})
_COMPARISONS: tuple[str, ...] = get_args(Comparison)
_COLUMN = re.compile(r"^(?:(?P<name>\w+):)?(?P<column>\w+|\*)$")


def columns(relation: Relation, text: str | None) -> tuple[tuple[str, str], ...]:
    """What is selected: each name in the answer, and the column.

    >>> columns(Relation(name="v", columns={"id": "uuid", "b": "text"}), "id,other:b")
    (('id', 'id'), ('other', 'b'))
    """
    found: dict[str, str] = {}
    for part in (text or "*").split(","):
        match = _COLUMN.match(part.strip())
        if match is None:
            raise InvalidValue(
                f"select has {part.strip()!r}, which is no column.",
                hint="Select columns as a,b or with other names as name:a; more is not understood.",
            )
        if match["column"] == "*":
            found |= {column: column for column in relation.columns}
        else:
            found[match["name"] or match["column"]] = _known(relation, match["column"])
    return tuple(found.items())


def filters(relation: Relation, query: list[tuple[str, str]]) -> tuple[Filter, ...]:
    """The conditions.

    >>> filters(Relation(name="v", columns={"id": "uuid"}), [("id", "not.in.(a,b)")])
    (Filter(column='id', comparison='in', value=['a', 'b'], negated=True),)
    """
    return tuple(
        _filter(_known(relation, name), text) for name, text in query if name not in RESERVED
    )


def order(relation: Relation, text: str | None) -> tuple[Order, ...]:
    """What rows are ordered by.

    >>> order(Relation(name="v", columns={"id": "uuid"}), "id.desc.nullslast")
    (Order(column='id', descending=True, nulls='last'),)
    """
    return tuple(_order(relation, part.strip()) for part in text.split(",")) if text else ()


def whole(name: str, text: str | None, default: int) -> int:
    """A number that is not negative."""
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004
        raise InvalidValue(f"{name} = {text!r} is no number.", hint=f"Such as {name}=10.")
    return int(text)


def span(range_: str | None) -> tuple[int, int | None]:
    """Offset and limit of a Range header.

    >>> span("10-19"), span("5-"), span(None)
    ((10, 10), (5, None), (0, None))
    """
    if not range_:
        return 0, None
    first, _, last = range_.removeprefix("items=").partition("-")
    begin = whole("Range", first, 0)
    if not last:
        return begin, None
    return begin, max(whole("Range", last, 0) - begin + 1, 0)


def _filter(column: str, text: str) -> Filter:
    negated = text.startswith("not.")
    comparison, dot, value = text.removeprefix("not.").partition(".")
    if not dot or comparison not in _COMPARISONS:
        raise InvalidValue(
            f"{column}={text} is no condition.",
            hint=f"Write {column}=eq.value; known: {', '.join(_COMPARISONS)}, and not. before them.",
        )
    if comparison == "is" and value.lower() not in IS_VALUES:
        raise InvalidValue(f"{column}={text}: is takes {', '.join(sorted(IS_VALUES))}.")
    parsed: Any = value.lower() if comparison == "is" else value
    if comparison == "in":
        parsed = _listed(column, value)
    return Filter(
        column=column, comparison=cast(Comparison, comparison), value=parsed, negated=negated
    )


def _listed(column: str, text: str) -> list[str]:
    if not (text.startswith("(") and text.endswith(")")):
        raise InvalidValue(f"{column}=in.{text} is no list.", hint=f"Write {column}=in.(a,b).")
    if text == "()":
        return []
    try:
        return next(csv.reader([text[1:-1]], escapechar="\\", doublequote=False, strict=True))
    except (csv.Error, StopIteration) as error:
        raise InvalidValue(f"{column}=in.{text} is no list: {error}.") from error


def _order(relation: Relation, text: str) -> Order:
    column, *words = text.split(".")
    known = {"asc", "desc", "nullsfirst", "nullslast"}
    if not known.issuperset(words):
        raise InvalidValue(f"order={text} is no order.", hint="Such as order=created_at.desc.")
    nulls: Any = next((w.removeprefix("nulls") for w in words if w.startswith("nulls")), None)
    return Order(column=_known(relation, column), descending="desc" in words, nulls=nulls)


def _known(relation: Relation, column: str) -> str:
    if column not in relation.columns:
        raise InvalidValue(
            f"{relation.name} has no column {column}.",
            hint=f"It has: {', '.join(relation.columns)}.",
        )
    return column
