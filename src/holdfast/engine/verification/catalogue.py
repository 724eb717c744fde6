"""Checks of what stands in the catalogue: indexes, row-level security, grants."""

from __future__ import annotations

import functools

from holdfast.engine import texts
from holdfast.engine.verification.scene import Action, CheckFailed, Scene, require

_INDEXES = {
    "idx_auto_proceed_sessions_session_id": "btree (venture_id, session_id)",
    "idx_auto_proceed_sessions_active": "btree (venture_id, is_active) WHERE is_active",
    "idx_auto_proceed_sessions_sd_key": (
        "btree (venture_id, active_sd_key) WHERE (active_sd_key IS NOT NULL)"
    ),
    "idx_auto_proceed_sessions_created": "btree (venture_id, created_at DESC)",
    "idx_auto_proceed_sessions_unique_active": (
        "unique btree (venture_id, session_id) WHERE is_active"
    ),
}
_MOST_TOLD = 5


async def _index(scene: Scene, *, name: str) -> None:
    found = await scene.connection.fetchval(texts.query("verify_index"), name)
    require(found is not None, "it is missing; make it anew from 0004_sessions.sql")
    require(found == _INDEXES[name], f"it is: {found}; expected: {_INDEXES[name]}")


async def _nothing_found(scene: Scene, *, query: str) -> None:
    problems = [row["problem"] for row in await scene.connection.fetch(texts.query(query))]
    if problems:
        more = f" and {len(problems) - _MOST_TOLD} more" if len(problems) > _MOST_TOLD else ""
        raise CheckFailed("; ".join(problems[:_MOST_TOLD]) + more)


INDEXES: tuple[tuple[str, Action], ...] = tuple(
    (f"index {name}", functools.partial(_index, name=name)) for name in _INDEXES
)
SECURITY: tuple[tuple[str, Action], ...] = (
    (
        "row-level security on every table",
        functools.partial(_nothing_found, query="verify_open_tables"),
    ),
)
GRANTS: tuple[tuple[str, Action], ...] = (
    (
        "grants: nothing for anon, no writes for users",
        functools.partial(_nothing_found, query="verify_grants"),
    ),
)
