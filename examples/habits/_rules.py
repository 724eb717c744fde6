"""The wanted rules of the shadow schema, from rules.toml, with each constraint's name."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from _common import ProgramError

RULES_FILE = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """One wanted constraint of one table."""

    name: str
    table: str
    kind: Literal["not_null", "check", "foreign_key"]
    column: str = ""
    """Which column a not-null or a foreign key is about."""
    target: str = ""
    """Which table a foreign key points to."""
    expression: str = ""
    """What a check checks."""
    why: str


@dataclass(frozen=True, kw_only=True)
class TableRules:
    """What must hold of one table."""

    table: str
    comment: str
    readable: str
    constraints: tuple[Constraint, ...]


def load_rules(path: Path = RULES_FILE) -> dict[str, TableRules]:
    """Read the rules of each table.

    >>> [c.name for c in load_rules()["weeks"].constraints]
    ['weeks_starts_on_required', 'weeks_ends_on_required', 'weeks_ends_after_start']
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {table: _table(table, rules) for table, rules in tables.items()}
    except tomllib.TOMLDecodeError as error:
        raise ProgramError(f"{path} is not TOML: {error}", hint="mend that line") from None
    except KeyError as error:
        raise ProgramError(f"{path} lacks {error}", hint="add it, as in the other tables") from None


def _table(table: str, rules: dict[str, Any]) -> TableRules:
    required = [
        Constraint(
            name=f"{table}_{column}_required",
            table=table,
            kind="not_null",
            column=column,
            why=f"The {column} of {table} is never empty.",
        )
        for column in rules.get("not_null", [])
    ]
    references = [
        Constraint(
            name=f"{table}_{column}_fkey",
            table=table,
            kind="foreign_key",
            column=column,
            target=target,
            why=f"The {column} of {table} names a row of {target}.",
        )
        for column, target in rules.get("references", {}).items()
    ]
    checks = [
        Constraint(
            name=f"{table}_{name}",
            table=table,
            kind="check",
            expression=check["expression"],
            why=check["why"],
        )
        for name, check in rules.get("checks", {}).items()
    ]
    return TableRules(
        table=table,
        comment=rules["comment"],
        readable=rules["readable"],
        constraints=(*required, *checks, *references),
    )
