"""Which source decides a setting of auto-proceed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from holdfast.config import Settings
from holdfast.errors import ConfigError
from holdfast.sessions.proceeding import NAMES, Proceeding, Source, layers_of, resolve

SAYING = [source for source in Source if source is not Source.DEFAULT]


@pytest.mark.parametrize(("earlier", "later"), list(itertools.combinations(SAYING, 2)))
def test_an_earlier_source_wins(earlier: Source, later: Source) -> None:
    told = resolve({later: {"max_iterations": 7}, earlier: {"max_iterations": 5}})
    assert (told.max_iterations, told.sources["max_iterations"]) == (5, earlier)


def test_each_setting_is_decided_for_itself() -> None:
    told = resolve(
        {
            Source.COMMAND_LINE: {"auto_proceed": False},
            Source.VENTURE: {"chain_orchestrators": True},
        }
    )
    assert told.values == {**Proceeding().values, "chain_orchestrators": True}
    assert [told.sources[name] for name in NAMES] == [
        Source.COMMAND_LINE,
        Source.VENTURE,
        Source.DEFAULT,
        Source.DEFAULT,
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auto_proceed", "yes"),
        ("auto_proceed", 1),
        ("max_iterations", True),
        ("max_iterations", "5"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_source(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"{name} = .* \\(from session metadata\\) is not a"):
        resolve({Source.SESSION: {name: value}})


def test_the_environment_and_the_file_are_told_apart() -> None:
    settings = Settings(auto_proceed=True, max_iterations=5)
    layers = layers_of(settings, {"HOLDFAST_AUTO_PROCEED": "on"})
    told = resolve(layers)
    assert (told.auto_proceed, told.max_iterations) == (True, 5)
    assert told.sources["auto_proceed"] is Source.ENVIRONMENT
    assert told.sources["max_iterations"] is Source.FILE
