"""`holdfast statusline`: what the status line of an agent program shows."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from holdfast.hooks import entry


def statusline(
    program: Annotated[str, typer.Argument(help="claude, codex or gemini.")] = "claude",
) -> None:
    """Print what the session works on, for the status line's JSON on standard input; `holdfast-hook` is the quicker way."""
    sys.argv = ["holdfast-hook", program, "statusline"]
    raise typer.Exit(entry.main())
