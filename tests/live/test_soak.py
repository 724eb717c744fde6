from __future__ import annotations

from pathlib import Path

from tests.soak.run import soak


async def test_executions_that_log_are_followed_without_a_loss(
    holdfast_url: str, tmp_path: Path
) -> None:
    """Seconds of what `make soak` does for ten minutes; memory says nothing in so short a time."""
    outcome = await soak(holdfast_url, tmp_path, seconds=4, executions=20, clients=8)

    assert outcome.faulty_clients == 0
    assert outcome.events > 100
