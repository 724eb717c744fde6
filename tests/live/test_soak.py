"""Seconds of what `make soak` does for minutes; memory and latency say nothing in so short a time."""

from __future__ import annotations

from pathlib import Path

from tests.soak.herd import herd
from tests.soak.run import soak
from tests.soak.stalled import stalled


async def test_executions_that_log_are_followed_without_a_loss(
    holdfast_url: str, tmp_path: Path
) -> None:
    outcome = await soak(holdfast_url, tmp_path, seconds=4, executions=20, clients=8)

    assert outcome.faulty_clients == 0
    assert outcome.events > 100


async def test_all_come_back_at_once_while_a_transaction_is_open_and_nobody_misses_anything(
    holdfast_url: str, tmp_path: Path
) -> None:
    outcome = await herd(holdfast_url, tmp_path, clients=24, seconds_open=0, more=60)

    assert outcome.faulty_clients == 0
    assert outcome.while_open >= 120, "what others committed was not held up"


async def test_clients_that_do_not_read_miss_nothing_either(
    holdfast_url: str, tmp_path: Path
) -> None:
    outcome = await stalled(holdfast_url, tmp_path, clients=12, rounds=1, seconds=1, rate=50)

    assert outcome.faulty_clients == 0
    assert outcome.reading
    assert outcome.beside
