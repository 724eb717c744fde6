from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.progress.eta import Estimate, describe, from_durations

DURATIONS = st.lists(st.floats(0.001, 10_000), min_size=1, max_size=50)


@given(DURATIONS, st.integers(0, 100))
def test_an_estimate_lies_within_what_was_seen_and_is_ordered(
    seconds: list[float], count: int
) -> None:
    estimate = from_durations(seconds, count)
    assert estimate is not None
    slack = 1e-6 * max(seconds) * max(count, 1)
    assert count * min(seconds) - slack <= estimate.low_seconds <= estimate.median_seconds + slack
    assert (
        estimate.median_seconds <= estimate.high_seconds + slack <= count * max(seconds) + 2 * slack
    )


def test_nothing_known_is_unknown() -> None:
    assert from_durations([]) is None
    assert describe(None) == "unknown"


@given(DURATIONS, st.floats(0, 100_000))
def test_what_is_left_is_never_negative(seconds: list[float], elapsed: float) -> None:
    estimate = from_durations(seconds)
    assert estimate is not None
    left = estimate.after(elapsed)
    assert 0 <= left.low_seconds <= left.median_seconds <= left.high_seconds


def test_a_range_is_told_in_one_unit() -> None:
    assert describe(Estimate(low_seconds=20, median_seconds=25, high_seconds=40)) == "about 20–40 s"
    assert (
        describe(Estimate(low_seconds=3600, median_seconds=7200, high_seconds=10800))
        == "about 1–3 h"
    )
    assert describe(Estimate(low_seconds=0.2, median_seconds=0.2, high_seconds=0.2)) == "about 1 s"
