"""The functions that the workers of made-up plans know."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from holdfast import Run, connect
from tests.chaos.effect import record

hf = connect()


@hf.callable("effect")
async def effect(
    run: Run,
    /,
    *,
    folder: str,
    name: str,
    seconds: float,
    outcomes: list[str],
    findings: Any = None,
) -> Any:
    """Record the effect of a step, and end as its script says."""
    outcome, told = await asyncio.to_thread(record, Path(folder), name, str(run.id), outcomes)
    run.progress(1, 2, "working")
    run.log(f"effect {told['nonce']}")
    await asyncio.sleep(seconds)
    if outcome == "fail":
        raise RuntimeError("as its script says")
    return told
