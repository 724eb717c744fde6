"""What was wrong with the arguments, in two lines like every other error."""

from __future__ import annotations

import difflib
import re

from typer.exceptions import TyperException

from holdfast.errors import HoldfastError

_SUGGESTION = " Did you mean "
_NOISE = "Value error, "
_CHOICES = re.compile(r"'([^']*)' is not one of (.*)")
_QUOTED = re.compile(r"'([^']*)'")


def usage_error(error: TyperException) -> HoldfastError | None:
    """What to tell; nothing where the help was shown already."""
    options = sorted(getattr(error, "possibilities", None) or ())
    text = error.message if options else error.format_message()
    if not text:
        return None
    message, _, suggestion = text.replace(_NOISE, "").partition(_SUGGESTION)
    near = _QUOTED.findall(suggestion) or options or _near_choices(message)
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "holdfast"
    hint = f"Did you mean {near[0]}?" if near else f"Look at: {command} --help"
    return HoldfastError(message if message.endswith(".") else f"{message}.", hint=hint)


def _near_choices(message: str) -> list[str]:
    found = _CHOICES.search(message)
    if found is None:
        return []
    return difflib.get_close_matches(found[1], _QUOTED.findall(found[2]), n=1)
