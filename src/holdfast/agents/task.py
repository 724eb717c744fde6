"""What an agent program is asked to do."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from holdfast.agents._values import Expected, is_environment, is_length, is_text, what_is_wrong
from holdfast.agents.roles import Role, find_role
from holdfast.engine.connections import encode_json

# The system takes no longer argument than 128 KiB.
MOST_PROMPT_BYTES = 120_000
_RESUMED = """\
You were interrupted: the process that you ran in ended without notice. What you had begun may have happened or not; look
before you do it again. Then go on with your task, which was:

"""
EXPECTED: tuple[Expected, ...] = (
    ("prompt", is_text, "a text", True),
    ("role", is_text, "a role's name", False),
    ("model", is_text, "a model's name", False),
    ("cwd", is_text, "a folder's path", False),
    ("env", is_environment, "a mapping from text to text", False),
    ("timeout_seconds", is_length, "a number of seconds above 0", False),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """A prompt, and who does it."""

    prompt: str
    role: Role | None = None
    model: str | None = None

    @property
    def whole_prompt(self) -> str:
        """With the role's prompt, for programs that know no roles."""
        return f"{self.role.prompt}\n\n{self.prompt}" if self.role else self.prompt

    @property
    def resumed(self) -> Task:
        """The same task, for a conversation that was cut off."""
        return dataclasses.replace(self, prompt=_RESUMED + self.prompt)


def read_task(given: Any) -> Task | str:
    """The task that an input describes, or what is wrong with it.

    Raises:
        ConfigError: there is no such role.
    """
    if (wrong := what_is_wrong(given, EXPECTED)) is not None:
        return wrong
    prompt: str = given["prompt"]
    if given.get("findings") is not None:
        prompt += f"\n\nIt was done before and sent back. What was found:\n{encode_json(given['findings'])}"
    role = find_role(given["role"], Path(given.get("cwd") or ".")) if given.get("role") else None
    task = Task(prompt=prompt, role=role, model=given.get("model"))
    size = len(task.resumed.whole_prompt.encode())
    if size > MOST_PROMPT_BYTES:
        return f"prompt has {size} bytes with its role and findings; the limit is {MOST_PROMPT_BYTES}. Keep more in a file and name it."
    return task
