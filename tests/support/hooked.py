"""An agent program as its hooks see it: a process that lives until it is killed, and the events that it tells."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from holdfast.hooks.meeting import meeting_point
from holdfast.hooks.process import incarnation
from tests.support.processes import wait_until


@dataclasses.dataclass(frozen=True)
class Told:
    """What a hook exited with and printed."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        printed: dict[str, Any] = json.loads(self.out)
        return printed

    @property
    def context(self) -> str:
        """What goes to the model."""
        return str(self.json["hookSpecificOutput"]["additionalContext"]) if self.out else ""

    @property
    def decision(self) -> str:
        return str(self.json["hookSpecificOutput"]["permissionDecision"])


@dataclasses.dataclass(kw_only=True)
class HookedAgent:
    """One process of an agent program, in one session."""

    process: subprocess.Popen[bytes]
    project: Path
    url: str
    session_id: str
    program: str = "claude"
    settings: dict[str, str] = dataclasses.field(default_factory=dict)

    def fire(self, event: str, **told: Any) -> Told:
        """Call the hook as the program does."""
        text = json.dumps(
            {
                "session_id": self.session_id,
                "cwd": str(self.project),
                "hook_event_name": event,
                **told,
            }
        )
        return self.call(text)

    def tool(self, event: str, name: str, **given: Any) -> Told:
        return self.fire(event, tool_name=name, tool_input=given)

    def call(self, text: str, *arguments: str) -> Told:
        ended = subprocess.run(
            [sys.executable, "-m", "holdfast.hooks.entry", self.program, *arguments],
            input=text.encode(),
            capture_output=True,
            env=self.environment(),
            cwd=self.project,
            timeout=60,
            check=False,
        )
        return Told(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def environment(self) -> dict[str, str]:
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("HOLDFAST_", "CLAUDE"))}
        return plain | {
            "HOLDFAST_DATABASE_URL": self.url,
            "CLAUDE_PID": str(self.process.pid),
            "CLAUDE_PROJECT_DIR": str(self.project),
            "CLAUDE_ENV_FILE": str(self.project / "variables.sh"),
            "CLAUDE_CODE_SESSION_ATTENDED": "0",
            **{f"HOLDFAST_{name.upper()}": value for name, value in self.settings.items()},
        }

    def __post_init__(self) -> None:
        self.point = Path(meeting_point(self.session_id, incarnation(self.process.pid)))

    def kill(self) -> None:
        """As SIGKILL ends a program: no hook is called."""
        self.process.kill()
        self.process.wait()
        self.until_alone()

    def until_alone(self) -> None:
        """The companion goes when its agent program is gone, or its session is over."""
        wait_until(lambda: not Path(f"{self.point}.lock").exists(), "the end of the companion")

    def companion_pid(self) -> int:
        """The process of the companion, which holds its lock."""
        return int(Path(f"{self.point}.lock").read_text().split()[-1])


@contextmanager
def hooked_agent(
    project: Path,
    url: str,
    *,
    session_id: str | None = None,
    program: str = "claude",
    **settings: str,
) -> Iterator[HookedAgent]:
    """A process that does nothing but live."""
    (project / ".holdfast").mkdir(parents=True, exist_ok=True)  # else its files are the user's own
    process = subprocess.Popen(["sleep", "600"])
    agent = HookedAgent(
        process=process,
        project=project,
        url=url,
        session_id=session_id or str(uuid.uuid4()),
        program=program,
        settings=settings,
    )
    try:
        yield agent
    finally:
        agent.kill()
