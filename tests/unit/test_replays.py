"""Replayed runs: the time remaining beats the plain average, and the range holds as often as it says."""

from __future__ import annotations

import functools
from collections import defaultdict

import pytest
from bench._histories import KINDS, Moment
from bench.eta import coverage, figure, moments, recorded_moments

from holdfast.progress.confidence import confidence_of

_SEED = 11
# Without a history nothing tells that steps will go on to grow; the plain average errs as much, the other way.
_NOT_KNOWN = {("growing steps", 0)}


@functools.cache
def seen(name: str, before: int) -> list[Moment]:
    return moments(KINDS[name], before, _SEED)


@pytest.mark.parametrize("before", [0, 3, 20])
@pytest.mark.parametrize("name", KINDS)
def test_the_error_is_smaller_than_the_averages(name: str, before: int) -> None:
    found = figure(name, [seen(name, before)])
    assert found.ratio < (1.4 if (name, before) in _NOT_KNOWN else 0.95)


def test_the_error_of_recorded_runs_is_smaller_too() -> None:
    assert figure("recorded", [recorded_moments(_SEED)]).ratio < 0.7


def test_the_range_holds_as_often_as_it_says() -> None:
    by_confidence: dict[float, list[Moment]] = defaultdict(list)
    for name in KINDS:
        for before in (0, 3, 20):
            for moment in seen(name, before):
                if moment.told is not None:
                    told = confidence_of(moment.told.evidence, moment.told.pace)
                    by_confidence[told].append(moment)
    for told, here in by_confidence.items():
        if len(here) >= 100:
            assert abs(coverage(here) - told) < 0.1, f"{told} was {coverage(here):.2f}"
    assert sum(len(here) >= 100 for here in by_confidence.values()) >= 5
