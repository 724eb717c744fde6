"""What a companion is started for."""

from __future__ import annotations

import dataclasses
import json


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """One session of one process of an agent program."""

    program: str
    session_id: str
    incarnation: str
    """Machine, process and start of the agent program."""
    project: str
    point: str
    """The socket on which the companion answers hooks."""

    @classmethod
    def read(cls, text: str) -> Task:
        """A task as the hook wrote it.

        >>> Task.read('{"program":"claude","session_id":"s","incarnation":"h/7/1","project":"/","point":"p"}').pid
        7
        """
        return cls(**json.loads(text))

    @property
    def pid(self) -> int:
        """The agent program's process."""
        return int(self.incarnation.split("/")[1])

    @property
    def start(self) -> str:
        """When that process began."""
        return self.incarnation.split("/")[2]

    @property
    def holder(self) -> str:
        """What people are told of who runs the session."""
        host, pid, _ = self.incarnation.split("/")
        return f"{self.program} on {host} (process {pid})"
