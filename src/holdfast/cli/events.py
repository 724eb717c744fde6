"""`holdfast events`: every change, in order, from any point on."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, run_async
from holdfast.cli._output import console, print_json
from holdfast.live import feed
from holdfast.live.cursor import Cursor
from holdfast.model.events import Event
from holdfast.terminal.words import short


def events(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as events happen.")] = False,
    since: Annotated[
        str,
        typer.Option("--since", help="A cursor that an earlier call printed, `start`, or `now`."),
    ] = "start",
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Print events: all there are, or all from a cursor on; with --follow those to come."""

    async def work() -> None:
        async with connected(venture) as (hf, venture_id):
            begin = None if since == "now" else since
            tail = feed.follow(hf.engine, venture_id=venture_id, since=begin)
            if follow:
                async for event, cursor in tail:
                    _print(event, cursor, as_json=as_json)
                return
            async for event, cursor in tail.backlog():
                _print(event, cursor, as_json=as_json)

    try:
        run_async(work())
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _print(event: Event, cursor: Cursor, *, as_json: bool) -> None:
    if as_json:
        print_json({**event.as_cloudevent(), "cursor": str(cursor)})
        return
    data = ", ".join(f"{key}={_brief(value)}" for key, value in event.data.items())
    line = Text(f"{event.time:%H:%M:%S.%f}"[:-3] + " ", style="quiet")
    line += Text(f"{event.stream}/{short(event.stream_id)} #{event.seq:<4} ", style="quiet")
    console.print(
        line + Text(event.type.ljust(26)) + Text(f" {data}", style="quiet"), soft_wrap=True
    )


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"  # noqa: PLR2004
