"""Statements for who calls and reads by name, with JSON: PostgreSQL casts the values and makes the answer's text.

Names come from the catalogue and values travel as parameters, so nothing that a client sends becomes part of a statement.
"""

from __future__ import annotations

import dataclasses
from typing import Literal, TypeAlias

from holdfast.engine.catalogue import Function, Relation

Comparison: TypeAlias = Literal["eq", "neq", "gt", "gte", "lt", "lte", "in", "is"]
_OPERATORS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_IS = {
    "null": "is null",
    "not_null": "is not null",
    "true": "is true",
    "false": "is false",
    "unknown": "is unknown",
}
IS_VALUES = frozenset(_IS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Filter:
    """A condition on a column."""

    column: str
    comparison: Comparison
    value: str | list[str]
    negated: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    """A column that rows are ordered by."""

    column: str
    descending: bool = False
    nulls: Literal["first", "last"] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selection:
    """What to read of a relation; its names were looked up in the catalogue."""

    columns: tuple[tuple[str, str], ...]
    """What each is called in the answer, and the column."""
    filters: tuple[Filter, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int
    offset: int = 0
    counted: bool = False


def calling(function: Function, given: frozenset[str]) -> str:
    """The statement that calls a function with the arguments of one JSON object; gives the answer as JSON text."""
    taken = [(name, kind) for name, kind in function.arguments.items() if name in given]
    arguments = ", ".join(f"{name} => a_.{name}" for name, _ in taken)
    call = f"holdfast.{function.name}({arguments}) as r_"
    if taken:
        typed = ", ".join(f"{name} {kind}" for name, kind in taken)
        call = f"jsonb_to_record($1::jsonb) as a_ ({typed}), {call}"
    match function.gives:
        case "nothing":
            return f"select null::text as body from {call}"
        case "value":
            return f"select to_json(r_)::text as body from {call}"
        case "rows":
            return f"select coalesce(json_agg(r_), '[]')::text as body from {call}"


def reading(relation: Relation, selection: Selection) -> tuple[str, tuple[str | list[str], ...]]:
    """The statement that reads a relation, and its arguments; gives the rows as JSON text, how many, and of how many."""
    arguments: list[str | list[str]] = []
    conditions = [_condition(relation, one, arguments) for one in selection.filters]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    columns = ", ".join(f"{_quoted(c)} as {_quoted(name)}" for name, c in selection.columns)
    order = ", ".join(_ordered(one) for one in selection.order)
    source = f"from holdfast.{_quoted(relation.name)}{where}"
    rows = f"select {columns} {source}{f' order by {order}' if order else ''} limit {selection.limit} offset {selection.offset}"
    total = f"(select count(*) {source})" if selection.counted else "null::bigint"
    return (
        f"select coalesce(json_agg(r_), '[]')::text as body, count(r_) as rows, {total} as total from ({rows}) as r_",
        tuple(arguments),
    )


def _condition(relation: Relation, one: Filter, arguments: list[str | list[str]]) -> str:
    column = _quoted(one.column)
    if one.comparison == "is":
        assert isinstance(one.value, str)
        condition = f"{column} {_IS[one.value]}"
    else:
        arguments.append(one.value)
        place, kind = f"${len(arguments)}", relation.columns[one.column]
        if one.comparison == "in":
            condition = f"{column} = any ({place}::text[]::{kind}[])"
        else:
            condition = f"{column} {_OPERATORS[one.comparison]} {place}::text::{kind}"
    return f"not ({condition})" if one.negated else condition


def _ordered(one: Order) -> str:
    direction = " desc" if one.descending else ""
    nulls = f" nulls {one.nulls}" if one.nulls else ""
    return f"{_quoted(one.column)}{direction}{nulls}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
