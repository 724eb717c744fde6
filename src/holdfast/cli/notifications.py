"""`holdfast notifications`: whom we told of what, and whether the channels work."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast import config
from holdfast.cli._connection import JsonOption, VentureOption, connected, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.errors import ConfigError, HoldfastError
from holdfast.terminal.words import ago, short

app = typer.Typer(
    name="notifications", help="Who was told of which question.", no_args_is_help=True
)
_STYLES = {"sent": "quiet", "failed": "bad", "pending": "buoy", "dropped": "quiet"}


@app.command("list")
def list_them(
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many.")] = 50,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """List what was told or is to be told, the newest first."""

    async def work() -> list[dict[str, Any]]:
        async with connected(venture) as (hf, venture_id):
            rows = await hf.engine.read("notifications", venture_id, limit)
            return [dict(row) for row in rows]

    found = run_async(work())
    if as_json:
        print_json(found)
        return
    if not found:
        console.print("Nobody was told of anything. Set notify_urls, and run a worker.", style="quiet")  # fmt: skip
        return
    table = rows_table("question", "channel", "occasion", "status", "attempts", "when", "why", right=("attempts",))  # fmt: skip
    for row in found:
        table.add_row(
            short(row["question_id"]),
            row["channel"],
            row["occasion"],
            Text(row["status"], style=_STYLES[row["status"]]),
            str(row["attempts"]),
            ago(row["ended_at"] or row["created_at"]),
            Text(row["error"] or ""),
        )
    console.print(table)


@app.command("test")
def try_channels(as_json: JsonOption = False) -> None:
    """Send a message by every channel of the settings now, and say what came of each."""
    from holdfast.notifications import channels_of, send  # noqa: PLC0415
    from holdfast.notifications.messages import Message  # noqa: PLC0415

    settings = config.load()
    channels = channels_of((*settings.notify_urls, *settings.notify_unanswered_urls))
    if not channels:
        raise ConfigError("No channel is set.", hint="Set notify_urls to addresses of Apprise.")
    message = Message(title="Holdfast can reach you", body="Questions of agents will come here.")

    async def work() -> dict[str, str | None]:
        return {channel.name: await send(channel, message) for channel in channels}

    told = run_async(work())
    if as_json:
        print_json([{"channel": name, "error": error} for name, error in told.items()])
    else:
        for name, error in told.items():
            console.print(f"{name}: {error or 'sent'}", style="bad" if error else "")
    failed = [name for name, error in told.items() if error]
    if failed:
        raise HoldfastError(
            f"{len(failed)} of {len(told)} channels did not take it.",
            hint="Correct their addresses: https://appriseit.com/services/",
        )
