"""One item on one line: what matters first, cut rather than wrapped."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from holdfast.progress import describe
from holdfast.terminal.marks import BAR_CELLS, honest_bar, mark, speaks_unicode
from holdfast.terminal.words import span
from holdfast.top.fleet import Group, Item

_TIME_CELLS = 14
_NAME_CELLS = 24
_FEWEST_ACTIVITY_CELLS = 8


def heading(group: Group, count: int) -> Text:
    """The name of a group, and how many are in it."""
    style = "wanted" if group == Group.NEEDS_YOU and count else "bold"
    return Text.assemble(" ", (group.capitalize(), style), (f"  {count}", "quiet"))


def line(item: Item, console: Console, *, cells: int) -> Text:
    """One item, exactly so many cells wide."""
    begin = Text(" ") + mark(item.state, console) + Text(" ")
    room = max(1, cells - begin.cell_len - _TIME_CELLS - 1)
    parts = _asked(item, room, console) if item.kind == "question" else _done(item, room, console)
    return begin + Text(" ").join([*parts, _time(item, console)])


def fitted(text: Text, cells: int, console: Console) -> Text:
    """Exactly so many cells, the rest cut off visibly."""
    text = text.copy()
    text.truncate(cells, overflow="ellipsis", pad=True)
    if not speaks_unicode(console):
        text.plain = text.plain.replace("…", "~")
    return text


def _asked(item: Item, room: int, console: Console) -> list[Text]:
    """A question has the room of a name, a bar and an activity."""
    asker = room // 3
    return [
        fitted(Text(_one_line(item.name), style="buoy"), room - asker - 1, console),
        fitted(Text(item.activity, style="quiet"), asker, console),
    ]


def _done(item: Item, room: int, console: Console) -> list[Text]:
    name = Text(item.name)
    if item.restorations:
        name.append(
            f" {item.restorations}×" if speaks_unicode(console) else f" x{item.restorations}",
            style="buoy",
        )
    rest = room - BAR_CELLS - 1
    if rest < _NAME_CELLS // 2:
        return [fitted(name, room, console)]
    activity = rest - _NAME_CELLS - 1
    if activity < _FEWEST_ACTIVITY_CELLS:
        return [fitted(name, rest, console), _bar(item, console)]
    return [
        fitted(name, _NAME_CELLS, console),
        _bar(item, console),
        fitted(_activity(item), activity, console),
    ]


def _activity(item: Item) -> Text:
    """What it does; of what is over, why it went wrong."""
    if item.group != Group.DONE:
        return Text(_one_line(item.activity), style="quiet")
    failed = item.error_message if item.state in ("failed", "cancelled") else None
    return Text(_one_line(failed or ""), style="bad")


def _bar(item: Item, console: Console) -> Text:
    """How far it is; of what has no end that is known, what it is."""
    if not item.is_measured or item.group == Group.DONE:
        told = " ".join(part for part in (item.kind, item.agent) if part)
        return fitted(Text(told, style="quiet"), BAR_CELLS, console)
    return honest_bar(item.progress, console)


def _time(item: Item, console: Console) -> Text:
    """What is left of it where that is known, else how long it has taken."""
    left = item.progress.remaining if item.group == Group.WORKING and item.progress else None
    told = describe(left) if left else span(item.seconds)
    if not speaks_unicode(console):
        told = told.replace("–", "-")
    return Text(told.rjust(_TIME_CELLS), style="" if left else "quiet")


def _one_line(text: str) -> str:
    return " ".join(text.split())
