"""Completing a directive from a tool: its verification runs first, while the agent program is told that it goes on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from holdfast.errors import EvidenceMissing
from holdfast.mcp.seat import Seat
from holdfast.model.advancing import Evidence
from holdfast.sessions.finishing import evidence_for, told

TICK_SECONDS = 5.0
_TAIL_CHARACTERS = 4_000

_Given = TypeVar("_Given")
Tick = Callable[[float], Awaitable[None]]


async def evidence_of_held(seat: Seat, tick: Tick) -> Evidence | None:
    """Run the verification of what the session holds; nothing if it holds nothing, that has none, or the work is elsewhere.

    Raises:
        EvidenceMissing: it did not pass; the text has the end of its output.
        HoldfastError: it could not be started.
    """
    timeout_seconds = seat.room.verification_timeout_seconds
    if timeout_seconds is None:
        return None
    held = (await seat.room.sessions.get(seat.lease.session_id)).sd_key
    if held is None:
        return None
    evidence = await _ticking(
        evidence_for(
            await seat.room.directives.get(held),
            sessions=seat.room.sessions,
            lease=seat.lease,
            cwd=Path.cwd(),
            timeout_seconds=timeout_seconds,
        ),
        tick,
    )
    if evidence is not None and not evidence.passed:
        tail = evidence.output_tail.strip()[-_TAIL_CHARACTERS:] or "(it printed nothing)"
        raise EvidenceMissing(
            f"{held} stays yours: its verification did not pass. {told(evidence)}.",
            hint=f"Correct what it found, then call complete_work again. Its output ends with:\n{tail}",
        )
    return evidence


async def _ticking(work: Coroutine[Any, Any, _Given], tick: Tick) -> _Given:
    """What some work gives; `tick` is called every few seconds while it goes on."""
    began = time.monotonic()
    task = asyncio.create_task(work, name="holdfast verification")
    try:
        while not (await asyncio.wait({task}, timeout=TICK_SECONDS))[0]:
            await tick(time.monotonic() - began)
        return task.result()
    finally:
        task.cancel()  # who calls has gone away; what has ended does not mind
