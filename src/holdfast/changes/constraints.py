"""Constraints that are not validated: which rows break them, and what validating them would cost.

A constraint whose rows could not be looked at has no count; it never has none that break it.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncGenerator
from typing import Any, Literal, TypeAlias

from holdfast.changes.looking import Patience, why_not
from holdfast.changes.patience import with_retries
from holdfast.engine.calls import Row
from holdfast.engine.direct import Target
from holdfast.errors import TargetError, TargetRefused

Kind: TypeAlias = Literal["check", "not_null", "foreign_key", "domain"]

_LISTS = ("unvalidated_checks", "unvalidated_foreign_keys", "unvalidated_domains")
_BROKEN = "23"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Constraint:
    """One constraint that is not validated, as the catalogue has it."""

    on: str
    name: str
    kind: Kind
    definition: str
    is_enforced: bool
    """Whether new rows are held to it; only such a one can be validated."""
    places: tuple[dict[str, Any], ...]
    """Where rows may break it: relation, columns, from and where."""
    unseen: tuple[str, ...]
    """Columns that hold it inside of something else, where nobody can look."""
    validate: str
    """The statement that validates it."""
    locks: dict[str, str]
    """What that locks, and how; reading and writing go on beside all of these."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a look at one constraint found."""

    constraint: Constraint
    violations: int | None
    """How many rows break it; `None`: it could not be looked at."""
    samples: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0
    """How long counting took; validating takes about as long."""
    rows: int | None = None
    """About how many rows the tables have, where the server knows."""
    bytes: int | None = None
    could_not_look: str | None = None
    validated: bool = False
    not_validated: str | None = None
    """Why validating it did not go through, where that was asked for."""

    @property
    def is_broken(self) -> bool:
        """Whether rows break what the database is to promise."""
        return bool(self.violations) and self.constraint.is_enforced


async def unvalidated(target: Target, schemas: list[str]) -> list[Constraint]:
    """Every constraint of the schemas that is not validated."""
    async with target.looking():
        rows = [row for name in _LISTS for row in await target.read(name, schemas)]
    return [_constraint(row) for row in rows]


async def verified(
    target: Target,
    constraints: list[Constraint],
    *,
    patience: Patience,
    samples: int = 5,
    validate: bool = False,
) -> AsyncGenerator[Verdict, None]:
    """Look at one after the other, each in a short transaction of its own.

    Args:
        target: where.
        constraints: which.
        patience: how long each may take.
        samples: how many of the broken rows to show.
        validate: whether to validate those that no row breaks.
    """
    for constraint in constraints:
        verdict = await _look(target, constraint, patience, samples)
        if validate and verdict.violations == 0 and constraint.is_enforced:
            verdict = await _validate(target, verdict, patience, samples)
        yield verdict


async def _look(
    target: Target, constraint: Constraint, patience: Patience, samples: int
) -> Verdict:
    if constraint.unseen:
        held = ", ".join(constraint.unseen)
        return Verdict(
            constraint=constraint,
            violations=None,
            could_not_look=f"{held} holds it inside of an array or a composite type",
        )
    begun = time.monotonic()
    try:
        async with target.looking(
            statement_seconds=patience.statement_seconds, lock_seconds=patience.lock_seconds
        ):
            return await _count(target, constraint, samples)
    except TargetRefused as error:
        return Verdict(
            constraint=constraint,
            violations=None,
            could_not_look=why_not(error, patience),
            seconds=time.monotonic() - begun,
        )


async def _count(target: Target, constraint: Constraint, samples: int) -> Verdict:
    begun = time.monotonic()
    violations, shown = 0, list[dict[str, Any]]()
    for place in constraint.places:
        [asked] = await target.read(
            "broken_rows", place["relation"], place["columns"], place["from"], place["where"]
        )
        [counted] = await target.fetch(asked["count"])
        violations += counted["count"]
        if counted["count"] and len(shown) < samples:
            left = samples - len(shown)
            shown += [row["row"] for row in await target.fetch(asked["sample"], left)]
    seconds = time.monotonic() - begun
    [size] = await target.read("sizes", [place["relation"] for place in constraint.places])
    return Verdict(
        constraint=constraint,
        violations=violations,
        samples=tuple(shown),
        seconds=seconds,
        rows=size["rows"],
        bytes=size["bytes"],
    )


async def _validate(target: Target, verdict: Verdict, patience: Patience, samples: int) -> Verdict:
    """Validate what no row breaks; a row that came meanwhile is told as what it is."""

    async def validate() -> None:
        async with target.changing(
            statement_seconds=patience.statement_seconds, lock_seconds=patience.lock_seconds
        ):
            await target.execute(verdict.constraint.validate)

    try:
        await with_retries(validate)
    except TargetError as error:
        if str(error.detail.get("sqlstate")).startswith(_BROKEN):
            again = await _look(target, verdict.constraint, patience, samples)
            return dataclasses.replace(again, not_validated=error.message)
        return dataclasses.replace(verdict, not_validated=why_not(error, patience))
    return dataclasses.replace(verdict, validated=True)


def _constraint(row: Row) -> Constraint:
    return Constraint(
        on=row["table_name"],
        name=row["name"],
        kind=row["kind"],
        definition=row["definition"],
        is_enforced=row["is_enforced"],
        places=tuple(row["places"]),
        unseen=tuple(row["unseen"]),
        validate=row["validate"],
        locks=row["locks"],
    )
