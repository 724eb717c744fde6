"""The eleven checks that the auto-proceed system's users know, in their order: one walk, start to end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from holdfast.engine.verification.scene import Action, Scene, require, require_equal

_COLUMNS = (
    "id, session_id, is_active, active_sd_key, chain_orchestrators, current_phase,"
    " parent_orchestrator_key, completed_children, total_children, metadata, created_at, updated_at,"
    " deactivated_at"
)


async def _read_table(scene: Scene) -> None:
    await scene.connection.fetch(f"select {_COLUMNS} from holdfast.auto_proceed_sessions limit 1")


async def _read_view(scene: Scene) -> None:
    await scene.connection.fetch(
        f"select {_COLUMNS}, progress_percentage, time_since_update"
        " from holdfast.v_active_auto_proceed_sessions limit 1"
    )


async def _upsert(scene: Scene) -> None:
    await scene.connection.fetchval(
        "select holdfast.upsert_auto_proceed_session(p_session_id => $1, p_venture_id => $2,"
        " p_active_sd_key => 'SD-001', p_chain_orchestrators => true, p_current_phase => 'PLAN',"
        " p_parent_orchestrator_key => 'SD-ORCH', p_total_children => 5,"
        ' p_metadata => \'{"made_by": "verify"}\')',
        scene.session_id,
        scene.venture,
    )


async def _query_row(scene: Scene) -> None:
    row = await _row(scene)
    _require_values(
        row,
        is_active=True,
        active_sd_key="SD-001",
        chain_orchestrators=True,
        current_phase="PLAN",
        parent_orchestrator_key="SD-ORCH",
        completed_children=0,
        total_children=5,
        metadata={"made_by": "verify"},
        deactivated_at=None,
    )


async def _progress(scene: Scene) -> None:
    done = await scene.connection.fetchval(
        "select holdfast.update_auto_proceed_progress($1, 2, 'EXEC', 'SD-002', p_venture_id => $2)",
        scene.session_id,
        scene.venture,
    )
    require_equal("its answer", done, True)


async def _values_stuck(scene: Scene) -> None:
    row = await _row(scene)
    _require_values(
        row,
        completed_children=2,
        current_phase="EXEC",
        active_sd_key="SD-002",
        total_children=5,
        parent_orchestrator_key="SD-ORCH",
    )


async def _find_active(scene: Scene) -> None:
    rows = await scene.connection.fetch(
        "select * from holdfast.get_active_auto_proceed_session($1, p_venture_id => $2)",
        scene.session_id,
        scene.venture,
    )
    require_equal("the number of active sessions", len(rows), 1)
    _require_values(rows[0], session_id=scene.session_id, is_active=True, active_sd_key="SD-002")


async def _view_percentage(scene: Scene) -> None:
    rows = await _view_rows(scene)
    require_equal("the number of its rows in the view", len(rows), 1)
    require_equal("progress_percentage", rows[0]["progress_percentage"], Decimal("40.0"))


async def _deactivate(scene: Scene) -> None:
    done = await scene.connection.fetchval(
        "select holdfast.deactivate_auto_proceed_session($1, p_venture_id => $2)",
        scene.session_id,
        scene.venture,
    )
    require_equal("its answer", done, True)


async def _is_deactivated(scene: Scene) -> None:
    row = await _row(scene)
    require_equal("is_active", row["is_active"], False)
    require(row["deactivated_at"] is not None, "deactivated_at is null")


async def _gone_from_view(scene: Scene) -> None:
    await _row(scene)
    require_equal("the number of its rows in the view", len(await _view_rows(scene)), 0)


async def _row(scene: Scene) -> Any:
    rows = await scene.connection.fetch(
        f"select {_COLUMNS} from holdfast.auto_proceed_sessions"
        " where venture_id = $1 and session_id = $2",
        scene.venture,
        scene.session_id,
    )
    require_equal("the number of its rows", len(rows), 1)
    return rows[0]


async def _view_rows(scene: Scene) -> list[Any]:
    rows: list[Any] = await scene.connection.fetch(
        "select * from holdfast.v_active_auto_proceed_sessions"
        " where venture_id = $1 and session_id = $2",
        scene.venture,
        scene.session_id,
    )
    return rows


def _require_values(row: Any, **expected: object) -> None:
    for column, value in expected.items():
        require_equal(column, row[column], value)


CHECKS: tuple[tuple[str, Action], ...] = (
    ("table auto_proceed_sessions readable", _read_table),
    ("view v_active_auto_proceed_sessions readable", _read_view),
    ("upsert with total 5", _upsert),
    ("row queryable", _query_row),
    ("progress call 2, EXEC, SD-002", _progress),
    ("values stuck", _values_stuck),
    ("active session found", _find_active),
    ("view shows 40.0", _view_percentage),
    ("deactivate", _deactivate),
    ("is_active false and deactivated_at set", _is_deactivated),
    ("gone from the view", _gone_from_view),
)
