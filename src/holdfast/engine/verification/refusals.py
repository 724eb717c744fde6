"""Checks of what the engine must refuse, and of the events that its changes leave."""

from __future__ import annotations

from typing import Any

from holdfast.engine import texts
from holdfast.engine.verification.scene import (
    Action,
    CheckFailed,
    Scene,
    require,
    require_equal,
    require_refusal,
)

_OUT_OF_RANGE = ("23514", "HF005")  # the table's own check, or a function that says it nicer
_NOT_DRAWN = ("HF002",)
_UNKNOWN = ("HF003",)
_UPSERT = (
    "select holdfast.upsert_auto_proceed_session($1, p_venture_id => $2, p_total_children => $3)"
)
_PROGRESS = "select holdfast.update_auto_proceed_progress($1, $3, 'EXEC', p_venture_id => $2)"


async def _phase_does_not_count(scene: Scene) -> None:
    """A phase alone counts nothing up, and a repeated upsert erases nothing."""
    session = await _walk(scene, "phase", completed=2)
    await scene.connection.fetchval(_PROGRESS, session, scene.venture, None)
    require_equal(
        "completed_children after a call with a phase only", await _completed(scene, session), 2
    )
    await scene.connection.fetchval(
        "select holdfast.upsert_auto_proceed_session($1, null, null, 'PLAN', p_venture_id => $2)",
        session,
        scene.venture,
    )
    require_equal("completed_children after a second upsert", await _completed(scene, session), 2)


async def _ranges(scene: Scene) -> None:
    session = await _walk(scene, "range", completed=2)
    for what, completed in (
        ("a negative number of children", -1),
        ("more completed than total children", 6),
    ):
        await require_refusal(
            scene.connection, what, _OUT_OF_RANGE, _PROGRESS, session, scene.venture, completed
        )
    await require_refusal(
        scene.connection,
        "a negative total",
        _OUT_OF_RANGE,
        _UPSERT,
        f"{session}-new",
        scene.venture,
        -1,
    )
    await _refuse_ranges_by_hand(scene)


async def _refuse_ranges_by_hand(scene: Scene) -> None:
    """The tables refuse too, whoever writes."""
    execution = await _execution(scene)
    for what, change in (
        ("a progress of 101 %", "progress = 101"),
        ("more completed than total steps", "total_steps = 1, completed_steps = 2"),
        (
            "an execution that ended before it started",
            "ended_at = started_at - interval '1 second', status = 'completed'",
        ),
    ):
        await require_refusal(
            scene.connection,
            what,
            _OUT_OF_RANGE,
            f"update holdfast.agent_executions set {change} where venture_id = $1 and id = $2",
            scene.venture,
            execution,
        )


async def _finished_stays_finished(scene: Scene) -> None:
    execution = await _execution(scene)
    finish = "select holdfast.finish_execution($1, $3, p_venture_id => $2)"
    await scene.connection.fetchval(finish, execution, scene.venture, "completed")
    await require_refusal(
        scene.connection,
        "completed to pending",
        _NOT_DRAWN,
        finish,
        execution,
        scene.venture,
        "pending",
    )
    await require_refusal(
        scene.connection,
        "completed to failed",
        _NOT_DRAWN,
        finish,
        execution,
        scene.venture,
        "failed",
    )
    await require_refusal(
        scene.connection,
        "completed to running",
        _NOT_DRAWN,
        "select holdfast.start_execution($1, p_venture_id => $2)",
        execution,
        scene.venture,
    )
    await require_refusal(
        scene.connection,
        "a pending execution that has ended",
        _OUT_OF_RANGE,
        "update holdfast.agent_executions set status = 'pending' where venture_id = $1 and id = $2",
        scene.venture,
        execution,
    )


async def _draft_is_not_completed(scene: Scene) -> None:
    await scene.connection.fetchval(
        "select holdfast.add_directive('SD-DRAFT', 'a draft', p_venture_id => $1)", scene.venture
    )
    await require_refusal(
        scene.connection,
        "draft to completed",
        _NOT_DRAWN,
        "select holdfast.move_directive('SD-DRAFT', 'completed', p_venture_id => $1)",
        scene.venture,
    )


async def _unknown_session(scene: Scene) -> None:
    unknown = f"{scene.session_id}-unknown"
    await require_refusal(
        scene.connection,
        "progress of an unknown session",
        _UNKNOWN,
        _PROGRESS,
        unknown,
        scene.venture,
        1,
    )
    await require_refusal(
        scene.connection,
        "deactivating an unknown session",
        _UNKNOWN,
        "select holdfast.deactivate_auto_proceed_session($1, p_venture_id => $2)",
        unknown,
        scene.venture,
    )
    await require_refusal(
        scene.connection,
        "looking for an active session without naming one",
        ("HF005",),
        "select * from holdfast.get_active_auto_proceed_session(p_venture_id => $1)",
        scene.venture,
    )


async def _streams(scene: Scene) -> None:
    """Counts the events of all that the checks have done so far, the refused calls among them."""
    streams = await scene.connection.fetch(texts.query("verify_streams"), scene.venture)
    require(bool(streams), "cannot look: the checks before left no events")
    for s in streams:
        if not s["is_whole"]:
            raise CheckFailed(
                f"a {s['stream']} has {s['events']} events from {s['lowest']} to {s['highest']},"
                f" its row counted {s['counter']}"
            )


async def _walk(scene: Scene, name: str, *, completed: int) -> str:
    """Another session of the venture, some of whose five children are completed."""
    session = f"{scene.session_id}-{name}"
    await scene.connection.fetchval(_UPSERT, session, scene.venture, 5)
    await scene.connection.fetchval(_PROGRESS, session, scene.venture, completed)
    return session


async def _completed(scene: Scene, session_id: str) -> Any:
    return await scene.connection.fetchval(
        "select completed_children from holdfast.auto_proceed_sessions"
        " where venture_id = $1 and session_id = $2",
        scene.venture,
        session_id,
    )


async def _execution(scene: Scene) -> Any:
    """A running execution under no lease."""
    execution = await scene.connection.fetchval(
        "select holdfast.create_execution('an execution', p_venture_id => $1)", scene.venture
    )
    await scene.connection.fetch(
        "select * from holdfast.start_execution($1, p_venture_id => $2)", execution, scene.venture
    )
    return execution


REFUSALS: tuple[tuple[str, Action], ...] = (
    ("progress neither bumped nor erased", _phase_does_not_count),
    ("values out of range refused", _ranges),
    ("a finished execution stays finished", _finished_stays_finished),
    ("a draft directive cannot be completed", _draft_is_not_completed),
    ("unknown session refused", _unknown_session),
)
EVENTS: tuple[tuple[str, Action], ...] = (("events count 1, 2, 3 … without a gap", _streams),)
