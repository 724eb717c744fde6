"""Values on their way over HTTP: JSON, with the types that it has no word for named beside the values.

A type is named for a whole argument and for a whole column, never inside a value: what somebody keeps as JSON arrives as
it was, whatever it looks like.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from holdfast.errors import InvalidValue

Packed: TypeAlias = tuple[str, Any]
"""The name of a type, empty for what JSON knows, and the value in JSON's words."""

_MANY = "[]"


@dataclasses.dataclass(frozen=True)
class _Kind:
    python: type
    name: str
    pack: Callable[[Any], Any]
    unpack: Callable[[Any], Any]


# Of the numbers only those that JSON has no word for.
_KINDS = (
    _Kind(UUID, "uuid", str, UUID),
    _Kind(datetime, "time", datetime.isoformat, datetime.fromisoformat),
    _Kind(Decimal, "number", str, Decimal),
    _Kind(timedelta, "seconds", timedelta.total_seconds, lambda value: timedelta(seconds=value)),
    _Kind(float, "float", str, float),
    _Kind(bytes, "bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
)
_BY_NAME = {kind.name: kind for kind in _KINDS}


def pack(value: Any) -> Packed:
    """A value and the name of its type.

    >>> pack([1.5, "a"]), pack(Decimal("0.10")), pack([UUID(int=1), None])
    (('', [1.5, 'a']), ('number', '0.10'), ('uuid[]', ['00000000-0000-0000-0000-000000000001', None]))
    """
    kind = _kind_of(value)
    if kind is not None:
        return kind.name, kind.pack(value)
    if isinstance(value, list | tuple):
        of_items = next((found for item in value if (found := _kind_of(item))), None)
        if of_items is not None:
            return of_items.name + _MANY, [_each(of_items.pack, item) for item in value]
        return "", list(value)
    return "", value


def unpack(name: str, value: Any) -> Any:
    """The value that was packed.

    Raises:
        InvalidValue: it is not of that type, or the type is not known.

    >>> unpack("uuid[]", ["00000000-0000-0000-0000-000000000001", None])
    [UUID('00000000-0000-0000-0000-000000000001'), None]
    """
    if not name:
        return value
    kind = _BY_NAME.get(name.removesuffix(_MANY))
    try:
        if kind is not None and name.endswith(_MANY):
            return None if value is None else [_each(kind.unpack, item) for item in value]
        if kind is not None:
            return _each(kind.unpack, value)
    except (ValueError, TypeError, ArithmeticError):
        raise InvalidValue(f"{value!r:.80} is no {name}.", hint="Send it as pack() does.") from None
    raise InvalidValue(f"{name!r} is no type.", hint=f"The types are {', '.join(_BY_NAME)}.")


def pack_rows(rows: Sequence[Any]) -> dict[str, Any]:
    """Rows of one query: their columns with the types, and the values."""
    names = list(rows[0].keys()) if rows else []
    packed = [[pack(value) for value in row.values()] for row in rows]
    types = [next((one[i][0] for one in packed if one[i][0]), "") for i in range(len(names))]
    return {
        "columns": [[name, type_] for name, type_ in zip(names, types, strict=True)],
        "rows": [[value for _, value in row] for row in packed],
    }


def unpack_rows(told: Mapping[str, Any]) -> list[WireRow]:
    """The rows that were packed."""
    places = {name: place for place, (name, _) in reversed(list(enumerate(told["columns"])))}
    types = [type_ for _, type_ in told["columns"]]
    return [
        WireRow(places, tuple(map(unpack, types, row)), tuple(name for name, _ in told["columns"]))
        for row in told["rows"]
    ]


class WireRow:
    """A row that behaves as the driver's own: by name or place, iterating over values."""

    __slots__ = ("_names", "_places", "_values")

    def __init__(
        self, places: dict[str, int], values: tuple[Any, ...], names: tuple[str, ...]
    ) -> None:
        self._places = places
        self._values = values
        self._names = names

    def __getitem__(self, key: Any) -> Any:
        return self._values[self._places[key] if isinstance(key, str) else key]

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WireRow) and self._named == other._named

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        return f"<WireRow {' '.join(f'{name}={value!r}' for name, value in self._named)}>"

    def get(self, name: str, default: Any = None) -> Any:
        """A value by its name."""
        place = self._places.get(name)
        return default if place is None else self._values[place]

    def keys(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self._names)

    def values(self) -> Iterator[Any]:
        """The values, in the order of the columns."""
        return iter(self._values)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names with values."""
        return iter(self._named)

    @property
    def _named(self) -> tuple[tuple[str, Any], ...]:
        return tuple(zip(self._names, self._values, strict=True))


def _kind_of(value: Any) -> _Kind | None:
    if isinstance(value, float) and math.isfinite(value):
        return None
    return next((kind for kind in _KINDS if isinstance(value, kind.python)), None)


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else change(value)
