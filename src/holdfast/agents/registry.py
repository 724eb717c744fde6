"""Which agent runs which kind of execution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.agents.agent import Agent
from holdfast.agents.callable import CallableAgent
from holdfast.agents.command import CommandAgent
from holdfast.model.kinds import CALLABLE_PREFIX, COMMAND


class Agents:
    """The kinds that a worker can run: `command`, and `callable:<name>` for each registered function."""

    def __init__(self, callables: Mapping[str, Callable[..., Any]]) -> None:
        self._callables = callables

    @property
    def kinds(self) -> list[str]:
        """What to ask the queue for."""
        return [COMMAND, *(CALLABLE_PREFIX + name for name in self._callables)]

    def of_kind(self, kind: str) -> Agent:
        """The agent for a kind that `kinds` names."""
        if kind == COMMAND:
            return CommandAgent()
        return CallableAgent(self._callables[kind.removeprefix(CALLABLE_PREFIX)])
