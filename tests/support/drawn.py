"""The moves that DESIGN.md, section 1, draws, written down a second time and in another way."""

from __future__ import annotations

from itertools import permutations

_LIVE_SESSION = ("running", "idle", "requires_action")
_LIVE_SUPERVISOR = ("working", "waiting_for_tasks", "waiting_for_answers", "paused")

# type → every pair (from, to) that is drawn
DRAWN: dict[str, set[tuple[str, str]]] = {
    "directive_status": {
        ("draft", "active"),
        ("active", "completed"),
        ("active", "blocked"),
        ("active", "cancelled"),
        ("blocked", "active"),
    },
    "directive_phase": {
        *zip(("LEAD", "PLAN", "EXEC"), ("PLAN", "EXEC", "COMPLETE"), strict=True),
        *zip(("PLAN", "EXEC", "COMPLETE"), ("LEAD", "PLAN", "EXEC"), strict=True),
    },
    "session_state": {
        *permutations(_LIVE_SESSION, 2),
        *(("starting", to) for to in _LIVE_SESSION),
        *((live, over) for live in ("starting", *_LIVE_SESSION) for over in ("ended", "lost")),
        ("lost", "running"),
        ("ended", "running"),
    },
    "supervisor_state": {
        *permutations(_LIVE_SUPERVISOR, 2),
        *(("starting", to) for to in (*_LIVE_SUPERVISOR, "failed")),
        *((live, over) for live in _LIVE_SUPERVISOR for over in ("completed", "failed")),
    },
    "execution_status": {
        ("pending", "running"),
        ("pending", "cancelled"),
        *(("running", over) for over in ("completed", "failed", "cancelled")),
    },
    "execution_step_status": {
        *(("running", over) for over in ("completed", "failed", "skipped")),
        ("failed", "completed"),
    },
    "question_status": {
        *(("open", to) for to in ("answered", "expired", "withdrawn")),
        ("answered", "delivered"),
        ("delivered", "acknowledged"),
    },
    "plan_status": {
        ("pending", "ready"),
        ("ready", "running"),
        ("running", "verifying"),
        ("running", "waiting"),
        ("waiting", "running"),
        ("failed", "ready"),
        *((begun, over) for begun in ("running", "verifying") for over in ("completed", "failed")),
        ("waiting", "failed"),
        *((unbegun, "skipped") for unbegun in ("pending", "ready")),
    },
}
