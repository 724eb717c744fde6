"""How far a session goes on by itself, and which source decided it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from holdfast.config import ENVIRONMENT_PREFIX, Settings
from holdfast.errors import ConfigError

NAMES = ("auto_proceed", "chain_orchestrators", "max_chain_depth", "max_iterations")


class Source(StrEnum):
    """Who can say it; an earlier one wins."""

    COMMAND_LINE = "command line"
    ENVIRONMENT = "environment"
    FILE = "holdfast.toml"
    SESSION = "session metadata"
    VENTURE = "venture settings"
    DEFAULT = "default"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proceeding:
    """What holds for a session, with the source of each value."""

    auto_proceed: bool = False
    chain_orchestrators: bool = False
    max_chain_depth: int = 3
    max_iterations: int = 100
    sources: Mapping[str, Source] = dataclasses.field(default_factory=dict)

    @property
    def values(self) -> dict[str, bool | int]:
        """As the database takes them."""
        return {name: getattr(self, name) for name in NAMES}


def resolve(layers: Mapping[Source, Mapping[str, Any]]) -> Proceeding:
    """The value of each setting from the first source that has it.

    Raises:
        ConfigError: a source says something of the wrong type.

    >>> told = resolve({Source.SESSION: {"auto_proceed": True}})
    >>> told.auto_proceed, str(told.sources["auto_proceed"]), str(told.sources["max_iterations"])
    (True, 'session metadata', 'default')
    """
    values: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    for name in NAMES:
        sources[name] = Source.DEFAULT
        for source in Source:
            value = layers.get(source, {}).get(name)
            if value is not None:
                values[name] = _checked(name, value, source)
                sources[name] = source
                break
    return Proceeding(**values, sources=sources)


def layers_of(settings: Settings, environment: Mapping[str, str]) -> dict[Source, dict[str, Any]]:
    """What `holdfast.toml` and the environment say, each for itself."""
    layers: dict[Source, dict[str, Any]] = {Source.ENVIRONMENT: {}, Source.FILE: {}}
    for name in NAMES:
        told_here = bool(environment.get(ENVIRONMENT_PREFIX + name.upper()))
        layers[Source.ENVIRONMENT if told_here else Source.FILE][name] = getattr(settings, name)
    return layers


def _checked(name: str, value: Any, source: Source) -> bool | int:
    kind = type(getattr(Proceeding(), name))
    if type(value) is not kind:
        raise ConfigError(
            f"{name} = {value!r:.100} (from {source}) is not a {kind.__name__}.",
            hint=f"Give {name} a {kind.__name__}; its default is {getattr(Proceeding(), name)!r}.",
        )
    checked: bool | int = value
    return checked
