"""The part of JSON Schema that the database checks by says what the reference implementation says."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg
import jsonschema  # type: ignore[import-untyped]

from tests.support.sql import connected

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

CASES = 3000
_TYPES = ["string", "number", "integer", "boolean", "array", "object", "null"]


class _Maker:
    """Makes up schemas and values that are likely to meet."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._one_of = self._random.choice

    def value(self, depth: int = 2) -> Any:
        kind = self._random.randrange(8 if depth else 5)
        match kind:
            case 0 | 1:
                return self._one_of([None, True, False, 0.5, 1.0, -2.25, -3, 0, 1, 2, 3])
            case 2 | 3 | 4:
                return self._one_of(["", "a", "b", "ab", "é1", "12", "baa"])
            case 5 | 6:
                return {name: self.value(depth - 1) for name in self._some("abc")}
        return [self.value(depth - 1) for _ in range(self._random.randrange(4))]

    def schema(self, depth: int = 2) -> Any:
        if self._random.random() < 0.1:
            return self._one_of([True, False, {}])
        names = list(_ALONE) + (list(_NESTED) if depth else [])
        return {name: self._keyword(name, depth - 1) for name in self._random.sample(names, 2)}

    def _keyword(self, name: str, depth: int) -> Any:
        if name in _ALONE:
            return _ALONE[name](self)
        match _NESTED[name]:
            case "one":
                return self.schema(depth)
            case "many":
                return [self.schema(depth) for _ in range(self._random.randint(1, 2))]
        return {one: self.schema(depth) for one in self._some("abc")}

    def _some(self, of: Sequence[str]) -> list[str]:
        return self._random.sample(of, self._random.randint(0, 2))

    def types(self) -> Any:
        return self._one_of([self._one_of(_TYPES), self._random.sample(_TYPES, 2)])

    def one_of(self, *values: Any) -> Any:
        return self._one_of(values)


_ALONE: dict[str, Callable[[_Maker], Any]] = {
    "type": lambda m: m.types(),
    "enum": lambda m: [m.value(1), m.value(1)],
    "const": lambda m: m.value(1),
    "required": lambda m: m.one_of(["a"], ["a", "b"], []),
    "minItems": lambda m: m.one_of(0, 1, 2),
    "maxItems": lambda m: m.one_of(0, 1, 2),
    "uniqueItems": lambda m: m.one_of(True, False),
    "minLength": lambda m: m.one_of(0, 1, 2),
    "maxLength": lambda m: m.one_of(0, 1, 2),
    "pattern": lambda m: m.one_of("^a", "b$", r"^\d+$", "[ab]{2}"),
    "minimum": lambda m: m.one_of(-2, 0, 1.5),
    "maximum": lambda m: m.one_of(-2, 0, 1.5),
    "exclusiveMinimum": lambda m: m.one_of(-2, 0, 1),
    "exclusiveMaximum": lambda m: m.one_of(-2, 0, 1),
    "multipleOf": lambda m: m.one_of(1, 2, 0.5),
    "title": lambda _: "said to people",
}
_NESTED = {
    "properties": "named", "additionalProperties": "one", "items": "one", "not": "one",
    "anyOf": "many", "allOf": "many", "oneOf": "many",
}  # fmt: skip


async def _told(connection: Connection, cases: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    rows = await connection.fetch(
        "select holdfast.schema_fault(c.value -> 0) as refused, holdfast.value_fault(c.value -> 1, c.value -> 0) as fault"
        " from jsonb_array_elements($1) with ordinality as c order by c.ordinality",
        [list(case) for case in cases],
    )
    return [(row["refused"], row["fault"]) for row in rows]


async def test_what_fits_a_schema_is_what_the_reference_says(holdfast_url: str) -> None:
    maker = _Maker(seed=18)
    cases = [(maker.schema(), maker.value()) for _ in range(CASES)]
    async with connected(holdfast_url) as connection:
        told = await _told(connection, cases)
    fitting = 0
    for (schema, value), (refused, fault) in zip(cases, told, strict=True):
        assert refused is None, f"{schema} was refused: {refused}"
        fits = jsonschema.Draft202012Validator(schema).is_valid(value)
        assert (fault is None) == fits, f"{value} by {schema}: {fault}"
        fitting += fits
    assert CASES / 5 < fitting < CASES * 4 / 5


async def test_formats_are_checked_and_unknown_ones_refused(holdfast_url: str) -> None:
    good = {
        "email": "ann@example.com",
        "date": "2024-02-29",
        "date-time": "2030-01-01T12:00:00Z",
        "uri": "https://example.com/x",
        "uuid": "0195f1a6-0000-7000-8000-000000000000",
    }
    bad = {
        "email": "ann",
        "date": "2023-02-29",
        "date-time": "2030-01-01 noon",
        "uri": "no address",
        "uuid": "0195",
    }
    async with connected(holdfast_url) as connection:
        for name, value in good.items():
            schema = {"format": name}
            told = await _told(connection, [(schema, value), (schema, bad[name])])
            assert told[0] == (None, None)
            assert told[1][1] is not None, name
        wrong: list[dict[str, Any]] = [{"format": "ipv4"}, {"pattern": "("}, {"type": "text"}, {"items": []}, {"$ref": "#"}]  # fmt: skip
        for schema in wrong:
            [(refused, _)] = await _told_schema(connection, schema)
            assert refused is not None, schema


async def _told_schema(connection: Connection, schema: Any) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch("select holdfast.schema_fault($1), 1", schema)  # fmt: skip
    return rows
