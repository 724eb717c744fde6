"""The application: wires the feed, the list, the detail and the answers together."""

from __future__ import annotations

import getpass
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from rich.console import Console
from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, OptionList, Static

from holdfast.client import Holdfast
from holdfast.errors import HoldfastError
from holdfast.terminal.answers import told_value
from holdfast.terminal.colours import ON_INK, ON_PAPER
from holdfast.terminal.marks import speaks_unicode
from holdfast.top.detail import detail
from holdfast.top.fleet import Group, Item, look
from holdfast.top.following import Follower, Looker
from holdfast.top.freshness import Freshness
from holdfast.top.list import FleetList
from holdfast.top.screens import AnswerScreen, KeysScreen
from holdfast.top.themes import INK, PAPER
from holdfast.top.tide import TideMark

_FOOT = "j/k move   enter opens   a answers   / filters   ? keys   q quits"
_WIDE_CELLS = 110


class Top(App[None]):
    """`holdfast top`."""

    TITLE = "holdfast top"
    CSS_PATH = "top.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it so
        (0, "-narrow"),
        (_WIDE_CELLS, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "quit"),
        Binding("a", "answer", "answer"),
        Binding("escape", "leave", "back"),
        Binding("slash", "filter", "filter"),
        Binding("question_mark", "keys", "keys"),
        Binding("t", "turn", "dark or light"),
    ]

    def __init__(
        self, hf: Holdfast, venture_id: UUID, *, signs: Console, light: bool = False
    ) -> None:
        """What it shows.

        Args:
            hf: where it is read.
            venture_id: whose.
            signs: the terminal, which says whether it can show the marks.
            light: whether the terminal's background is light.
        """
        super().__init__()
        self._hf = hf
        self._venture_id = venture_id
        self._signs = signs
        self._items: list[Item] = []
        self._freshness = Freshness()
        self._follower = Follower(hf, venture_id, self._freshness)
        self._looker = Looker(self._follower, self._freshness, look=self._look, show=self._show)
        self._light = light
        self._tide = TideMark(self._freshness, signs, hf.settings.venture)
        self._list = FleetList(signs)
        self._told = Static(markup=False)
        self._filter = Input(id="filter", placeholder="filter", compact=True)

    def compose(self) -> ComposeResult:
        """The tide mark, the list and the detail, the keys."""
        yield self._tide
        with Horizontal():
            yield self._list
            with VerticalScroll(id="detail"):
                yield self._told
        yield self._filter
        yield Static(_FOOT, id="foot", classes="quiet", markup=False)

    def on_mount(self) -> None:
        """Begin to follow."""
        self.register_theme(INK)
        self.register_theme(PAPER)
        self._dress()
        self.screen.set_class(not speaks_unicode(self._signs), "-ascii")
        self._list.focus()
        self._follower.start()
        self._looker.start()

    async def on_unmount(self) -> None:
        """End with what was begun."""
        await self._looker.stop()
        await self._follower.stop()

    # What is shown.

    async def _look(self) -> None:
        self._items = await look(self._hf, self._venture_id)
        await self._tell()

    def _show(self) -> None:
        wanted = self._filter.value
        self._list.show([item for item in self._items if item.is_like(wanted)])
        self._list.set_class(self._freshness.is_lost, "-stale")
        waiting = sum(item.group == Group.NEEDS_YOU for item in self._items)
        self._tide.show(waiting)

    async def _tell(self) -> None:
        """The detail of the item under the cursor, where there is room for it."""
        item = self._list.selected
        if item is None:
            self._told.update("")
        elif self.screen_stack[0].has_class("-wide") or self.screen_stack[0].has_class("-open"):
            self._told.update(await detail(self._hf, self._venture_id, item, self._signs))

    async def _tell_safely(self) -> None:
        try:
            await self._tell()
        except HoldfastError as error:
            self._told.update(Text(error.message, style="bad"))

    # What keys do.

    async def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The detail follows the cursor."""
        if isinstance(event.option_list, FleetList):
            await self._tell_safely()

    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter opens."""
        if isinstance(event.option_list, FleetList):
            self.screen.add_class("-open")
            await self._tell_safely()

    def action_leave(self) -> None:
        """Close the detail; then take the filter away."""
        if self.screen.has_class("-open"):
            self.screen.remove_class("-open")
        else:
            self._filter.value = ""
            self.screen.remove_class("-filtered")
            self._show()
        self._list.focus()

    def action_filter(self) -> None:
        """Show only what has the words that are typed."""
        self.screen.add_class("-filtered")
        self._filter.focus()

    @on(Input.Changed, "#filter")
    def narrow(self) -> None:
        """The list narrows while one types."""
        self._show()

    @on(Input.Submitted, "#filter")
    def narrowed(self) -> None:
        """Back to the list, which stays narrowed."""
        self._list.focus()

    def action_keys(self) -> None:
        """Show the keys."""
        self.push_screen(KeysScreen())

    def action_turn(self) -> None:
        """Dark to light, light to dark."""
        self._light = not self._light
        self.console.pop_theme()
        self._dress()

    def _dress(self) -> None:
        self.console.push_theme(ON_PAPER if self._light else ON_INK)
        self.theme = (PAPER if self._light else INK).name

    def action_answer(self) -> None:
        """Answer the question under the cursor; else the one that has waited longest."""
        item = self._list.selected
        if item is None or item.kind != "question":
            item = next((one for one in self._items if one.kind == "question"), None)
        if item is None:
            self.notify("Nobody waits for an answer.")
            return
        self.push_screen(AnswerScreen(item, partial(self._send, item)))

    async def _send(self, question: Item, answer: Any) -> str | None:
        """Give an answer for exactly what was shown; says what is wrong with it."""
        try:
            await self._hf.answer(
                question.id,
                answer,
                answered_by=getpass.getuser(),
                action_digest=question.action_digest,
            )
        except HoldfastError as error:
            return f"{error.message} {error.hint or ''}".strip()
        self.notify(f"Answered: {told_value(answer)}", markup=False)
        self._follower.changed.set()
        return None
