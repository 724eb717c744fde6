"""`holdfast directive flag` and `unflag`: what makes a session pause before a directive."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, run_async
from holdfast.cli._output import console, print_json
from holdfast.cli._place import placed
from holdfast.model.directives import Flag

KeyArgument = Annotated[str, typer.Argument(help="The directive's key.")]
FlagArgument = Annotated[Flag, typer.Argument(help="Why a session must not go on by itself.")]


def flag(
    key: KeyArgument,
    flag: FlagArgument,
    says: Annotated[str, typer.Argument(help="What is to be decided, or what the danger is.")],
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Make sessions that go on by themselves pause before a directive."""
    _save(key, flag, says, as_json, venture)


def unflag(
    key: KeyArgument,
    flag: FlagArgument,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Take a flag off a directive again: it is decided, or the danger is over."""
    _save(key, flag, None, as_json, venture)


def _save(key: str, flag: Flag, says: str | None, as_json: bool, venture: str | None) -> None:
    async def work() -> None:
        async with placed(venture) as place:
            await place.directives.flag(key, flag, says)

    run_async(work())
    if as_json:
        print_json({"sd_key": key, "flag": flag, "says": says})
    else:
        what = f"is flagged: {flag.value}, {says}" if says else f"has no flag {flag.value} any more"
        console.print(Text(f"{key} {what}"), soft_wrap=True)
