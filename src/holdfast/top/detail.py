"""Everything about one item, beside the list or in its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from holdfast.client import Holdfast
from holdfast.progress import describe
from holdfast.terminal.grip import grip_line, grips
from holdfast.terminal.marks import honest_bar, mark, speaks_unicode, state_text
from holdfast.terminal.words import short, span
from holdfast.top.fleet import Item

Row: TypeAlias = Any

GRIP_CELLS = 40
MOST_STEPS = 12
MOST_LINES = 12
_TOLD_OF_EVENTS = ("sd_key", "step", "name", "state", "reason")
_LEVELS = {"warning": "buoy", "error": "bad"}


async def detail(hf: Holdfast, venture_id: UUID, item: Item, signs: Console) -> RenderableType:
    """What there is to say about an item now."""
    parts: list[RenderableType] = [_head(item, signs), Text()]
    match item.kind:
        case "question":
            parts += _question(item)
        case "execution":
            parts += await _execution(hf, venture_id, item, signs)
        case "plan":
            rows = await hf.engine.read("plan_steps", venture_id, item.id)
            parts.append(_steps([(row, row["title"]) for row in rows], signs))
        case "supervisor":
            parts += _restorations(await hf.engine.read("restorations", venture_id, item.id))
            parts += await _story(hf, venture_id, item)
        case "session":
            parts += await _story(hf, venture_id, item)
    if item.error_message:
        parts += [
            Text(),
            Text(item.error_message, style="bad" if item.state != "ended" else "quiet"),
        ]
    return Group(*parts)


def _head(item: Item, signs: Console) -> RenderableType:
    first = state_text(item.state, signs) + Text(f"  {item.kind} {short(item.id)}", style="quiet")
    if item.agent:
        first.append(f"  {item.agent}", style="quiet")
    lines = [Text(item.name, style="bold"), first]
    if item.kind != "question":
        lines.append(_progress(item, signs))
    if item.activity:
        lines.append(Text(item.activity))
    return Group(*lines)


def _progress(item: Item, signs: Console) -> Text:
    if item.progress is None or item.progress.percent is None:
        return Text(span(item.seconds), style="quiet")
    bar = honest_bar(item.progress, signs)
    bar.append(f"  {item.steps}  {span(item.seconds)}" if item.steps else f"  {span(item.seconds)}")
    if item.progress.remaining is not None:
        bar.append(f"  {describe(item.progress.remaining)}", style="quiet")
    return bar


def _question(item: Item) -> list[RenderableType]:
    told: list[RenderableType] = []
    for name, value in item.context.items():
        told.append(
            Text.assemble((f"{name}: ", "quiet"), value if isinstance(value, str) else str(value))
        )
    if item.options:
        told.append(
            Text("Answers: " + " | ".join(str(option) for option in item.options), style="quiet")
        )
    told += [Text(), Text("Press a to answer.", style="buoy")]
    return told


async def _execution(
    hf: Holdfast, venture_id: UUID, item: Item, signs: Console
) -> list[RenderableType]:
    held = grips(await hf.engine.read("grip", venture_id, item.id))
    steps = await hf.engine.read("execution_steps", venture_id, item.id, MOST_STEPS)
    lines = await hf.engine.read("execution_logs", venture_id, item.id, MOST_LINES)
    unicode = speaks_unicode(signs)
    grip = grip_line(held, now=datetime.now(UTC), cells=GRIP_CELLS, unicode=unicode)
    return [grip, _steps([(row, row["name"]) for row in steps], signs), Text(), *map(_log, lines)]


def _steps(steps: list[tuple[Row, str]], signs: Console) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for row, name in steps:
        seconds = None
        if row["started_at"] is not None:
            seconds = ((row["ended_at"] or datetime.now(UTC)) - row["started_at"]).total_seconds()
        table.add_row(
            mark(row["status"], signs),
            name,
            "" if seconds is None else Text(span(seconds), style="quiet"),
        )
    return table


def _log(row: Row) -> RenderableType:
    time = f"{row['time'].astimezone():%H:%M:%S} "
    return Text.assemble((time, "quiet"), (row["message"], _LEVELS.get(row["level"], "")))


async def _story(hf: Holdfast, venture_id: UUID, item: Item) -> list[RenderableType]:
    """What happened to it of late."""
    rows = await hf.engine.read("stream_end", venture_id, item.id, MOST_LINES)
    return [_event(row) for row in rows]


def _event(row: Row) -> RenderableType:
    what = row["type"].partition(".")[2].replace("_", " ")
    told = Text.assemble((f"{row['time'].astimezone():%H:%M:%S} ", "quiet"), what)
    for name in _TOLD_OF_EVENTS:
        if row["data"].get(name) is not None:
            told.append(f" {row['data'][name]}", style="quiet")
    return told


def _restorations(rows: list[Row]) -> list[RenderableType]:
    told: list[RenderableType] = []
    for row in rows:
        source = row["source"].replace("_", " ")
        told.append(Text(f"restoration {row['number']}  {source}", style="buoy"))
        for finding in row["findings"]:
            what = finding["finding"].replace("_", " ")
            told.append(Text(f"  {what}: {finding['subject']} → {finding['action']}"))
    return told
