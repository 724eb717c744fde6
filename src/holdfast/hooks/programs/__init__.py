"""The agent programs that Holdfast hooks into."""

from __future__ import annotations

import difflib

from holdfast.errors import InvalidValue
from holdfast.hooks.programs.claude import CLAUDE
from holdfast.hooks.programs.codex import CODEX
from holdfast.hooks.programs.gemini import GEMINI
from holdfast.hooks.programs.program import Program

PROGRAMS = {one.name: one for one in (CLAUDE, CODEX, GEMINI)}


def find_program(name: str) -> Program:
    """The program of a name.

    Raises:
        InvalidValue: there is none; the hint names the nearest one.

    >>> find_program("codex").title
    'Codex'
    """
    if name in PROGRAMS:
        return PROGRAMS[name]
    near = difflib.get_close_matches(name, PROGRAMS, n=1)
    hint = f"Did you mean {near[0]}?" if near else "Wrap it with: holdfast run-agent -- PROGRAM"
    raise InvalidValue(f"program = {name!r:.60} is not one of {', '.join(PROGRAMS)}.", hint=hint)
