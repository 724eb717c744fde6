"""What requests may call and read by name, as the database's own catalogue says."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from holdfast.engine.calls import Calls


@dataclasses.dataclass(frozen=True, kw_only=True)
class Function:
    """A function that requests may call."""

    name: str
    arguments: Mapping[str, str]
    """Each argument's type, in order."""
    required: int
    """So many of the first must be given."""
    gives: Literal["nothing", "value", "rows"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Relation:
    """A view or a table that requests may read."""

    name: str
    columns: Mapping[str, str]
    """Each column's type, in order."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All of them, by name."""

    functions: Mapping[str, Function]
    relations: Mapping[str, Relation]


async def read_catalogue(engine: Calls) -> Catalogue:
    """Ask the database."""
    functions = [
        Function(
            name=row["name"],
            arguments=dict(zip(row["arguments"], row["types"], strict=True)),
            required=row["required"],
            gives=row["gives"],
        )
        for row in await engine.read("public_functions")
    ]
    relations = [
        Relation(name=row["name"], columns=dict(zip(row["columns"], row["types"], strict=True)))
        for row in await engine.read("readable_relations")
    ]
    return Catalogue(
        functions={one.name: one for one in functions},
        relations={one.name: one for one in relations},
    )
