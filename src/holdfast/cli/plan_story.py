"""`holdfast plan story`: why a plan does not go on, and what happened to it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_json, rows_table
from holdfast.plans.story import Story, Wait, read_story
from holdfast.terminal.marks import state_text
from holdfast.terminal.words import short, span

_LONGEST_DATA = 100


def story(
    plan: Annotated[str, typer.Argument(help="The plan's id, or the end of it.")],
    last: Annotated[
        int, typer.Option("--last", min=1, max=10000, help="How many events at most.")
    ] = 60,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Tell who waits for what in a plan, and what happened to it."""

    async def work() -> Story:
        async with connected(venture) as (hf, venture_id):
            plan_id = await find_id(hf, venture_id, "plan", plan)
            return await read_story(hf.engine, venture_id, plan_id, last=last)

    told = run_async(work())
    if as_json:
        print_json(told)
    else:
        print_story(told)


def print_story(told: Story, console: Console = console) -> None:
    """The story on the terminal."""
    row = told.plan
    console.print(
        Text.assemble(
            (row["name"], "bold"),
            "  ",
            state_text(row["status"], console),
            (f"  {row['sd_key']}", "quiet"),
        )
    )
    if row["error_message"]:
        console.print(Text(row["error_message"], style="bad"))
    _print_waits(told, console)
    console.print("\nWhat happened", style="bold")
    console.print(_timeline(told.events))


def _print_waits(told: Story, console: Console) -> None:
    if not told.waits:
        console.print("Nobody waits: it is over.", style="quiet")
        return
    console.print("\nWho waits for what", style="bold")
    table = rows_table(
        "who", "waits for", "since", "held by", "heard of", "lease", right=("since",)
    )
    for wait in told.waits:
        table.add_row(*_wait(wait, told.plan["now"]))
    console.print(table)


def _wait(wait: Wait, now: Any) -> list[Text | str]:
    def apart(moment: Any) -> str:
        return "" if moment is None else span(abs((now - moment).total_seconds()))

    waits_for = Text(wait.waits_for)
    if wait.next_step:
        waits_for += Text(f"\nnext: {wait.next_step}", style="buoy")
    lease = ""
    if wait.holder and wait.lease_until is not None:
        lease = f"{apart(wait.lease_until)} {'left' if wait.lease_until > now else 'over'}"
    return [
        wait.who,
        waits_for,
        apart(wait.since),
        wait.holder or "",
        f"{apart(wait.heard_of)} ago" if wait.heard_of else "",
        lease,
    ]


def _timeline(events: list[Any]) -> Any:
    table = rows_table("time", "after", "of", "what", "", right=("after",))
    before = None
    for event in events:
        after = "" if before is None else span((event["time"] - before).total_seconds())
        before = event["time"]
        table.add_row(
            Text(f"{event['time']:%H:%M:%S.%f}"[:-3], style="quiet"),
            Text(after, style="quiet"),
            Text(event["subject"] or event["stream"]),
            Text(event["type"].replace("plan.", ""), style=_style(event["type"])),
            Text(_data(event["data"]), style="quiet"),
        )
    return table


def _style(type_: str) -> str:
    """What went wrong, and what took hold again, is seen at once."""
    if type_.endswith(("failed", "interrupted", "lost", "expired")):
        return "bad"
    return "buoy" if type_.endswith(("restored", "restarted", "resumed", "sent_back")) else ""


def _data(data: dict[str, Any]) -> str:
    said = (f"{key}={_brief(value)}" for key, value in data.items() if key not in _KNOWN)
    text = ", ".join(said)
    return text if len(text) <= _LONGEST_DATA else f"{text[: _LONGEST_DATA - 1]}…"


_KNOWN = frozenset({"step", "title", "name", "findings", "steps"})


def _brief(value: Any) -> str:
    return short(value) if isinstance(value, str) and len(value) == 36 else f"{value}"  # noqa: PLR2004
