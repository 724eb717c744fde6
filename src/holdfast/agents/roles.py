"""Role prompts: Markdown files whose front matter has `name, description, tools, model`, and whose body is the prompt.

Claude Code's agent files are such files. They are looked for in `.holdfast/roles/` and `.claude/agents/` of the work's
folder, then of each folder above it, then in the user's own `.claude/agents/`; the first one found counts.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml

from holdfast.errors import ConfigError
from holdfast.model.seconds import Seconds

_FOLDERS = (Path(".holdfast/roles"), Path(".claude/agents"))
_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_SHELL = "Bash"
_SHELL_PATTERN = re.compile(r"Bash\((.+)\)", re.DOTALL)
_LINE = re.compile(r"^(\w+):[ \t]*(.*?)[ \t]*$", re.MULTILINE)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Role:
    """Who does a step."""

    name: Annotated[str, "what steps call it; unset: the key, or the file's name"]
    prompt: Annotated[str, "who it is, what it knows and how it works"]
    description: Annotated[str, "when to use it"] = ""
    allowed_tools: Annotated[
        Sequence[str] | None,
        "the only tools it may use, of Claude Code; unset: all of its program's",
    ] = None
    review_points: Annotated[
        Sequence[str], "what it must look at one by one; its answer says of each whether it is good"
    ] = ()
    model: Annotated[str | None, "the model that it uses; unset: its program's own"] = None
    timeout_seconds: Annotated[Seconds | None, "when its program is ended"] = None
    max_parallel: Annotated[int | None, "how many steps of this role may be under way at once"] = (
        None
    )


def shell_patterns(role: Role | None) -> list[str]:
    """What a role's shell commands must be like, where it may not run any.

    >>> shell_patterns(Role(name="reader", prompt="You read.", allowed_tools=["Read", "Bash(git log *)"]))
    ['git log *']
    """
    tools = (role.allowed_tools if role else None) or ()
    patterns = [found[1] for tool in tools if (found := _SHELL_PATTERN.fullmatch(tool))]
    return [] if _SHELL in tools else patterns


def is_shell_pattern(tool: str) -> bool:
    """Whether it narrows the shell.

    >>> is_shell_pattern("Bash(git log *)"), is_shell_pattern("Read(./src/**)")
    (True, False)
    """
    return _SHELL_PATTERN.fullmatch(tool) is not None


def find_role(name: str, start: Path, *, home: Path | None = None) -> Role:
    """The role of that name that holds for a folder.

    Raises:
        ConfigError: there is none; the nearest name is the hint.
    """
    known: list[str] = []
    for file in _files(start, home or Path.home()):
        role = read_role(file)
        if role.name == name:
            return role
        known.append(role.name)
    near = difflib.get_close_matches(name, known, n=1)
    places = " or ".join(f"{folder}/{name}.md" for folder in _FOLDERS)
    raise ConfigError(
        f"There is no role {name}.",
        hint=f"Did you mean {near[0]}?" if near else f"Write {places}.",
    )


def role_names(start: Path, *, home: Path | None = None) -> list[str]:
    """The names of the roles that hold for a folder."""
    return sorted({read_role(file).name for file in _files(start, home or Path.home())})


def read_role(file: Path) -> Role:
    """A role from its file.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The role {file} cannot be read: {error}", hint="Correct it or remove it."
        ) from error
    matter = _FRONT_MATTER.match(text)
    told = _told(matter[1]) if matter else {}
    return Role(
        name=_text(told.get("name")) or file.stem,
        prompt=(text[matter.end() :] if matter else text).strip(),
        description=_text(told.get("description")),
        allowed_tools=_tools(told.get("tools")),
        model=_model(_text(told.get("model"))),
    )


def _files(start: Path, home: Path) -> Iterator[Path]:
    start = start.resolve()
    for folder in (start, *start.parents):
        for place in _FOLDERS:
            yield from sorted((folder / place).glob("**/*.md"))
    yield from sorted((home / ".claude" / "agents").glob("**/*.md"))


def _told(matter: str) -> dict[str, Any]:
    """The front matter's values; people write `description: Use it: always`, which YAML refuses."""
    try:
        read = yaml.safe_load(matter)
    except yaml.YAMLError:
        return {found[1]: found[2] for found in _LINE.finditer(matter)}
    return read if isinstance(read, dict) else {}


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _tools(value: Any) -> tuple[str, ...] | None:
    named = value.split(",") if isinstance(value, str) else value
    if not isinstance(named, list):
        return None
    return tuple(str(tool).strip() for tool in named if str(tool).strip())


def _model(name: str) -> str | None:
    return None if name in ("", "inherit") else name
