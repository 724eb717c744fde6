"""The settings files of agent programs, as far as they decide whether hooks run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from holdfast.agents._json import mapping
from holdfast.editing import files
from holdfast.editing.jsontext import NotJson, parse
from holdfast.errors import ConfigError


def read_settings(file: Path) -> Mapping[str, Any]:
    """What a file says; nothing where there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return mapping(parse(files.read(file) or "{}", comments=True).plain())
    except NotJson as error:
        raise ConfigError(f"{file} is not JSON: {error}.", hint="Correct the file.") from error


def refuse_flags(title: str, flags: Iterable[str], setting: str, *words: str) -> None:
    """Refuse flags of the user's that would put out the hooks of a plan or a role, or be put out by them.

    Raises:
        ConfigError: there are such.
    """
    if found := next((flag for flag in flags if any(word in flag for word in words)), None):
        raise ConfigError(
            f"The setting {setting} says {found}, and {title} takes no other hooks then.",
            hint=f"Say it in {title}'s own settings; the hooks of a plan come beside them.",
        )


def refuse_without_hooks(title: str, given: Iterable[Path], *names: str, while_it_is: bool) -> None:
    """Refuse a program whose hooks are switched off in one of its settings files.

    Raises:
        ConfigError: they are, or a file cannot be read.
    """
    for file in given:
        value: Any = read_settings(file)
        for name in names:
            value = mapping(value).get(name)
        if value is while_it_is:
            setting = f"{'.'.join(names)} is {str(while_it_is).lower()} in {file}"
            raise ConfigError(
                f"{title} would not run the hooks that hold it to its plan and its role: {setting}.",
                hint="Change the setting, or leave out `hooks` and the role's allowed_tools.",
            )
