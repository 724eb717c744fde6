"""What Claude Code and Gemini CLI have in common: both take the id of a conversation from whoever starts them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from holdfast.agents.task import Task


class Choosing(ABC):
    """A program that begins with `--session-id` and goes on with `--resume`."""

    chooses_session = True
    has_telemetry = False

    def __init__(self, *, command: str, flags: tuple[str, ...]) -> None:
        self._command = command
        self._flags = flags

    def begin(self, task: Task, session_id: str) -> list[str]:
        """Start a conversation."""
        return self._line(task, "--session-id", session_id)

    def resume(self, task: Task, session_id: str) -> list[str]:
        """Go on with a conversation."""
        return self._line(task, "--resume", session_id)

    @abstractmethod
    def _line(self, task: Task, *conversation: str) -> list[str]:
        """The command with these arguments about its conversation."""
