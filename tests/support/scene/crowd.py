"""As many executions as a large fleet has."""

from __future__ import annotations

from tests.support.scene.run import Run
from tests.support.scene.stage import Stage, Story

_AGENTS = ["claude", "codex", "gemini", "command"]


async def crowd(stage: Stage, count: int) -> Story:
    """So many more executions, a tenth of which run."""
    yield 7
    for number in range(1, count + 1):
        await stage.set_clock(7 - number / count)
        run = await Run.create(
            stage, f"Check the berth {number:04d}", agent=_AGENTS[number % 4], total_steps=10
        )
        if number % 10 == 0:
            await run.start(f"worker-{number % 7}@quay")
            await run.step(1, "reading")
