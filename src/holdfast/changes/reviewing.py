"""A review: the linter, then the migration tried on a clone of the catalogue, which is looked through before and after."""

from __future__ import annotations

import dataclasses

from holdfast.changes import applying, catalogue, drift, squawk
from holdfast.changes.drift import Catalogue, Drift
from holdfast.changes.findings import Finding
from holdfast.changes.looking import Patience, chosen_schemas
from holdfast.changes.migrations import Migration
from holdfast.config import Settings
from holdfast.engine.cloning import clone
from holdfast.engine.direct import Target
from holdfast.errors import TargetRefused


@dataclasses.dataclass(frozen=True, kw_only=True)
class Review:
    """What a review found."""

    findings: tuple[Finding, ...]
    changes: tuple[Drift, ...] = ()
    """What the migration does to the catalogue."""
    expected: Catalogue | None = None
    """The catalogue as it will be."""


async def review(migration: Migration, target: Target | None, settings: Settings) -> Review:
    """Review a migration; without a target, or where it is applied already, it is not tried.

    Raises:
        TargetRefused: the target's catalogue could not be cloned.
        HoldfastError: the linter could not be asked.
    """
    linted = await squawk.lint(migration, version=target.version if target else None)
    if target is None:
        return Review(findings=tuple(linted))
    if await _is_applied(migration, target):
        return Review(findings=tuple(linted), expected=(await _seen(target))[0])
    async with clone(target, settings) as shadow:
        tried = await _try(migration, shadow)
    return dataclasses.replace(tried, findings=(*linted, *tried.findings))


async def _is_applied(migration: Migration, target: Target) -> bool:
    """Whether it is there already: then there is nothing to try."""
    entries = await applying.ledger(target, migration.name)
    return any(one.is_whole and one.checksum == migration.checksum for one in entries)


async def _try(migration: Migration, shadow: Target) -> Review:
    """Apply it to the clone; what was found there before is not the migration's."""
    before, found_before = await _seen(shadow)
    try:
        await applying.apply(shadow, migration, patience=Patience())
    except TargetRefused as error:
        return Review(findings=(_failure(error),))
    after, found_after = await _seen(shadow)
    known = {(one.rule, one.object) for one in found_before}
    new = [one for one in found_after if (one.rule, one.object) not in known]
    return Review(findings=tuple(new), changes=tuple(drift.drifted(before, after)), expected=after)


async def _seen(shadow: Target) -> tuple[Catalogue, list[Finding]]:
    schemas = await chosen_schemas(shadow, [])
    return (
        await drift.read_catalogue(shadow, schemas),
        await catalogue.look_through(shadow, schemas),
    )


def _failure(error: TargetRefused) -> Finding:
    return Finding(
        rule="migration-fails",
        object=str(error.detail.get("constraint") or error.detail.get("sqlstate")),
        message=f"PostgreSQL refuses it: {error.message}",
        source="shadow",
        line=error.detail.get("line"),
    )
