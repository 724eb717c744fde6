"""Which agent runs which kind of execution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.agents.agent import Agent
from holdfast.agents.callable import CallableAgent
from holdfast.agents.claude import Claude
from holdfast.agents.codex import Codex
from holdfast.agents.command import CommandAgent
from holdfast.agents.gemini import Gemini
from holdfast.agents.program import Program, ProgramAgent
from holdfast.config import Settings
from holdfast.model.kinds import CALLABLE_PREFIX, COMMAND
from holdfast.telemetry.reporting import Reporting


class Agents:
    """The kinds that a worker can run: `command`, the agent programs, and `callable:<name>` for each registered function."""

    def __init__(
        self,
        callables: Mapping[str, Callable[..., Any]],
        settings: Settings,
        *,
        reporting: Reporting,
    ) -> None:
        self._callables = callables
        self._reporting = reporting
        self._programs = programs_of(settings)

    @property
    def kinds(self) -> list[str]:
        """What to ask the queue for."""
        return [COMMAND, *self._programs, *(CALLABLE_PREFIX + name for name in self._callables)]

    def of_kind(self, kind: str) -> Agent:
        """The agent for a kind that `kinds` names."""
        if kind == COMMAND:
            return CommandAgent()
        if kind in self._programs:
            return ProgramAgent(self._programs[kind], reporting=self._reporting)
        return CallableAgent(self._callables[kind.removeprefix(CALLABLE_PREFIX)])


def programs_of(settings: Settings) -> dict[str, Program]:
    """The agent programs, as the settings want them started."""
    programs: tuple[Program, ...] = (
        Claude(command=settings.claude_command, flags=settings.claude_flags),
        Codex(command=settings.codex_command, flags=settings.codex_flags),
        Gemini(command=settings.gemini_command, flags=settings.gemini_flags),
    )
    return {program.name: program for program in programs}
