"""What a look at somebody's database may cost, and why it could not be had."""

from __future__ import annotations

import dataclasses
import difflib

from holdfast.engine.direct import FORBIDDEN, LOCKED, TIMED_OUT, Target
from holdfast.errors import InvalidValue, TargetError

LEDGER_SCHEMA = "holdfast_changes"
_SYSTEM = ("pg_", "information_schema")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a look may take."""

    statement_seconds: float = 600.0
    lock_seconds: float = 5.0


def why_not(error: TargetError, patience: Patience) -> str:
    """Why something could not be looked at; never to be read as: nothing is there."""
    match error.detail.get("sqlstate"):
        case state if state == TIMED_OUT:
            return f"it took longer than {patience.statement_seconds:g} s (--timeout)"
        case state if state == LOCKED:
            return (
                f"another session keeps it locked for more than {patience.lock_seconds:g} s"
                " (--lock-timeout)"
            )
        case state if state == FORBIDDEN and "row-level security" in error.message:
            return f"row-level security hides rows from this role: {error.message}"
        case state if state == FORBIDDEN:
            return f"this role may not: {error.message}"
    return error.message


async def chosen_schemas(target: Target, given: list[str]) -> list[str]:
    """The schemas to look at: those given, else all that people made; the ledger's own is Holdfast's affair.

    Raises:
        InvalidValue: one that was named is not there; looking at nothing would find nothing.
    """
    there = [row["name"] for row in await target.read("schemas")]
    for name in given:
        if name not in there and not name.startswith(_SYSTEM):
            near = difflib.get_close_matches(name, there, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(there)}."
            raise InvalidValue(f"{target.address} has no schema {name}.", hint=hint)
    return given or [name for name in there if name != LEDGER_SCHEMA]
