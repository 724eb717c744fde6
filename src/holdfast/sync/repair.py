"""Repairing what differs, from the database's truth. Git's branch is another's work: it is switched only when asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from holdfast.errors import NotFound
from holdfast.sync.cache import CachedClaim, CachedSession
from holdfast.sync.divergence import Difference, Repair
from holdfast.sync.git import branches, keys_in, switch_branch
from holdfast.sync.sides import Held
from holdfast.sync.views import Project, Views

_SHORTEST_SECONDS = 1.0


async def repair(
    project: Project, seen: Views, difference: Difference, *, may_switch_branch: bool
) -> bool:
    """Make one thing what the database says; whether it was done.

    Raises:
        HoldfastError: it could not be done.
    """
    held, cached = seen.database.held, seen.cached
    match difference.repair:
        case Repair.PUT_ASIDE:
            project.cache.update(seen.session_id, project.venture_id, lambda kept: kept)
            return True
        case Repair.FORGET_SESSION:
            return _change(project, seen, lambda _: None)
        case Repair.FORGET_CLAIM:
            return _change(project, seen, lambda kept: dataclasses.replace(kept, claim=None))
        case Repair.RENEW_CLAIM if held and cached:
            claim = await _claim_again(project, seen, cached, held)
            return _change(project, seen, lambda kept: dataclasses.replace(kept, claim=claim))
        case Repair.REWRITE_PHASE if held and cached and cached.claim:
            claim = dataclasses.replace(cached.claim, phase=held.phase)
            return _change(project, seen, lambda kept: dataclasses.replace(kept, claim=claim))
        case Repair.REWRITE_OLDER:
            project.older.write(seen.session_id, _older_fields(seen))
            return True
        case Repair.SWITCH_BRANCH if may_switch_branch and seen.git.tree.folder:
            switch_branch(seen.git.tree.folder, _branch_of(seen, seen.git.tree.folder))
            return True
    return False


def _change(
    project: Project, seen: Views, change: Callable[[CachedSession], CachedSession | None]
) -> bool:
    """Change what the cache says, unless another process has changed it since it was looked at; whether it was."""
    is_as_seen = False

    def unless_changed(kept: CachedSession | None) -> CachedSession | None:
        nonlocal is_as_seen
        is_as_seen = kept is not None and kept == seen.cached
        if kept is None or not is_as_seen:
            return kept
        changed = change(kept)
        return changed and dataclasses.replace(changed, updated_at=datetime.now(UTC))

    project.cache.update(seen.session_id, project.venture_id, unless_changed)
    return is_as_seen


async def _claim_again(
    project: Project, seen: Views, cached: CachedSession, held: Held
) -> CachedClaim:
    """A new token for what the session holds already; it lasts no longer than before."""
    row = await project.engine.call_row(
        "claim_directive",
        session_id=seen.session_id,
        epoch=cached.epoch,
        token=cached.token,
        sd_key=held.sd_key,
        lease_seconds=max(seen.claim_seconds or 0.0, _SHORTEST_SECONDS),
        venture_id=project.venture_id,
    )
    return CachedClaim(
        sd_key=held.sd_key, epoch=row["epoch"], token=row["token"], phase=row["phase"]
    )


def _older_fields(seen: Views) -> dict[str, Any]:
    held, state = seen.database.held, seen.metadata.get("execution_state")
    return {
        **(state if isinstance(state, dict) else {}),
        **{name: seen.metadata[name] for name in _BESIDES if name in seen.metadata},
        "currentSd": held.sd_key if held else None,
        "currentPhase": held.phase if held else None,
        "lastUpdatedAt": datetime.now(UTC).isoformat(),
    }


_BESIDES = ("branch", "auto_proceed", "chain_orchestrators")


def _branch_of(seen: Views, folder: Path) -> str:
    """The branch to switch to: the one that the directive names, that the session recorded, or that is named after it.

    Raises:
        NotFound: there is none, or several are.
    """
    assert seen.database.held is not None
    key, there = seen.database.held.sd_key, branches(folder)
    recorded = seen.database.branch
    for one in (seen.directive_branch, recorded if seen.git.sd_key is None else None):
        if one in there:
            return one
    named = [one for one in there if key in keys_in(one)]
    if len(named) == 1:
        return named[0]
    if recorded in named:
        return recorded
    raise NotFound(
        f"No branch is named after {key}."
        if not named
        else f"Several branches are named after {key}: {', '.join(named)}.",
        hint="Switch to the right one with: git switch BRANCH",
    )
