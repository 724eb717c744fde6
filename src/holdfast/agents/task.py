"""What an agent program is asked to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.agents._values import Expected, is_environment, is_length, is_text, what_is_wrong
from holdfast.agents.answers import asked_for
from holdfast.agents.roles import Role, find_role
from holdfast.engine.connections import encode_json

# The system takes no longer argument than 128 KiB.
MOST_PROMPT_BYTES = 120_000
_RESUMED = """\
You were interrupted: the process that you ran in ended without notice.{last} What you had begun may have happened or not; look
before you do it again. Then go on with your task, which was:

"""
_LAST = " The last that was heard of you is: {last}."
_MOST_LAST_CHARACTERS = 400


def _is_role(value: Any) -> bool:
    return is_text(value) or (isinstance(value, dict) and {"name", "prompt"} <= value.keys())


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _are_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


EXPECTED: tuple[Expected, ...] = (
    ("prompt", is_text, "a text", True),
    ("role", _is_role, "a role or its name", False),
    ("model", is_text, "a model's name", False),
    ("cwd", is_text, "a folder's path", False),
    ("env", is_environment, "a mapping from text to text", False),
    ("timeout_seconds", is_length, "a number of seconds above 0", False),
    ("outputs", _are_texts, "a list of names", False),
    ("todos", _are_mappings, "a list of todo items", False),
    ("hooks", _is_mapping, "a mapping from a moment to hooks", False),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Task:
    """A prompt, and who does it."""

    prompt: str
    role: Role | None = None
    model: str | None = None
    outputs: tuple[str, ...] = ()
    """What its answer must have."""
    hooks: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The commands of its plan that run while it works, by their moment."""
    flags: tuple[str, ...] = ()
    """What its program must be told besides, as `prepare` found out."""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """The same, for its environment."""

    @property
    def points(self) -> Sequence[str]:
        """What its answer must judge one by one."""
        return self.role.review_points if self.role else ()

    @property
    def whole_prompt(self) -> str:
        """With the role's prompt, for programs that know no roles."""
        return f"{self.role.prompt}\n\n{self.prompt}" if self.role else self.prompt

    def resumed_after(self, last: str | None) -> Task:
        """The same task, for a conversation that was cut off after something that may have happened or not."""
        told = _LAST.format(last=last[:_MOST_LAST_CHARACTERS]) if last else ""
        return dataclasses.replace(self, prompt=_RESUMED.format(last=told) + self.prompt)


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
    if given.get("todos"):
        prompt += "\n\nYour todo list to begin with:\n" + "\n".join(
            f"- {todo.get('content')}" for todo in given["todos"]
        )
    role, outputs = _role_of(given), tuple(given.get("outputs") or ())
    task = Task(
        prompt=prompt + asked_for(outputs, role.review_points if role else ()),
        role=role,
        model=given.get("model"),
        outputs=outputs,
        hooks=given.get("hooks") or {},
    )
    longest = task.resumed_after("…" * _MOST_LAST_CHARACTERS)
    size = len(longest.whole_prompt.encode())
    if size > MOST_PROMPT_BYTES:
        return f"prompt has {size} bytes with its role and findings; the limit is {MOST_PROMPT_BYTES}. Keep more in a file and name it."
    return task


def _role_of(given: Mapping[str, Any]) -> Role | None:
    """A plan gives its roles whole; others are found by their name."""
    told = given.get("role")
    if isinstance(told, dict):
        known = {field.name for field in dataclasses.fields(Role)}
        return Role(**{key: value for key, value in told.items() if key in known})
    return find_role(told, Path(given.get("cwd") or ".")) if told else None
