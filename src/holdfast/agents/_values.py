"""What the input of an agent may have, and what is wrong with one that has something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

# The key, whether a value is right, what was expected, whether it must be there.
Expected: TypeAlias = tuple[str, Callable[[Any], bool], str, bool]


def what_is_wrong(given: Any, expected: Iterable[Expected]) -> str | None:
    """Why an input is not what was expected, with the key's name; or nothing."""
    if not isinstance(given, dict):
        return f"input = {given!r:.100} is not a mapping."
    for key, is_right, form, is_needed in expected:
        value = given.get(key)
        if not is_right(value) and (value is not None or is_needed):
            return f"{key} = {value!r:.100} is not {form}."
    return None


def is_text(value: Any) -> bool:
    """A text that says something."""
    return isinstance(value, str) and bool(value)


def is_command(value: Any) -> bool:
    """A program and its arguments."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def is_environment(value: Any) -> bool:
    """Environment variables."""
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def is_length(value: Any) -> bool:
    """A length of time."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
