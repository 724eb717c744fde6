"""`holdfast top`: the fleet on the whole terminal, live; questions are answered in place."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from holdfast.cli._connection import VentureOption, connected, run_async
from holdfast.cli._output import console
from holdfast.errors import HoldfastError

_LIGHT_BACKGROUNDS = ("7", "15")


def top(
    light: Annotated[
        bool | None,
        typer.Option("--light/--dark", help="Unset means what the terminal says, else dark."),
    ] = None,
    venture: VentureOption = None,
) -> None:
    """Watch everything on the whole terminal, and answer what waits for you."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise HoldfastError(
            "holdfast top needs a terminal.", hint="For a pipe: holdfast watch, or holdfast status"
        )

    # A third of what every other command takes to start.
    from holdfast.top.app import Top  # noqa: PLC0415

    async def work() -> None:
        async with connected(venture) as (hf, venture_id):
            shown = _is_light() if light is None else light
            await Top(hf, venture_id, signs=console, light=shown).run_async()

    # What is logged would stand in the middle of the picture; the tide mark says it.
    logging.disable(logging.WARNING)
    run_async(work())


def _is_light() -> bool:
    return os.environ.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT_BACKGROUNDS
