"""`ProgressTracker`: progress under the older system's names."""

from __future__ import annotations

from uuid import uuid4

import pytest

import holdfast
from holdfast.errors import InvalidValue, NotFound


async def test_the_tracker_tells_stages_the_whole_and_what_is_left(holdfast_url: str) -> None:
    async with holdfast.connect(holdfast_url) as hf:
        tracker = await hf.progress_tracker()
        async with hf.execution("read", steps=4) as run:
            for _ in run.track(range(2), name="page"):
                await run.flush()
            await run.flush()

            stages = {one.name: one.percent for one in await tracker.progress_by_stage(run.id)}
            assert stages == {"page": 100, "to come": 0}
            assert await tracker.overall_progress(run.id) == 50
            left = await tracker.estimate_time_remaining(run.id)
            assert left is not None
            assert 0 <= left.low_seconds <= left.high_seconds
        assert await tracker.overall_progress(run.id) == 100
        assert await tracker.estimate_time_remaining(run.id) is None


async def test_a_client_that_counts_itself_is_believed_as_far_as_it_adds_up(
    holdfast_url: str,
) -> None:
    async with holdfast.connect(holdfast_url) as hf:
        tracker, service = await hf.progress_tracker(), await hf.execution_service()
        created = await service.create("research")
        await service.update_status(created, "running")

        assert (await tracker.track(created, 3, 4)).percent == 75
        with pytest.raises(InvalidValue, match="not between 0 and total = 4"):
            await tracker.track(created, 5)
        assert await tracker.overall_progress(created) == 75
        with pytest.raises(NotFound):
            await tracker.progress(uuid4())
