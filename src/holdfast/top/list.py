"""The list: groups, and in each a line for everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Console
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from holdfast.top.fleet import Group, Item
from holdfast.top.lines import heading, line

EMPTY = "Nothing is here yet. Begin with: holdfast run PLAN.yaml"
_MARGIN_CELLS = 2  # the scroll bar's


class KeyedList(OptionList):
    """A list that hands which know vi move in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", show=False),
        Binding("k", "cursor_up", show=False),
        Binding("g", "first", show=False),
        Binding("G", "last", show=False),
    ]


class FleetList(KeyedList):
    """Keeps its place while what it shows changes."""

    def __init__(self, signs: Console) -> None:
        super().__init__(compact=True, markup=False)
        self._signs = signs
        self._items: dict[str, Item] = {}
        self._shown: list[str] = []

    @property
    def selected(self) -> Item | None:
        """The item under the cursor."""
        option = self.highlighted_option
        return None if option is None or option.id is None else self._items.get(option.id)

    def show(self, items: Sequence[Item]) -> None:
        """Show these, with the cursor on the item that it was on."""
        self._items = {item.key: item for item in items}
        options = self._drawn(items)
        shown = [option.id or "" for option in options]
        if shown == self._shown:
            for option in options:
                self._redraw(option)
            return
        here, row = self.selected, self.highlighted
        self._shown = shown
        self.set_options(options)
        self._return_to(here, row)

    def on_resize(self) -> None:
        """A line is as wide as the list."""
        items = list(self._items.values())
        self._shown = []
        self.show(items)

    def _drawn(self, items: Sequence[Item]) -> list[Option]:
        options: list[Option] = []
        cells = max(1, self.size.width - _MARGIN_CELLS)
        is_roomy = len(items) + 2 * len(Group) <= self.size.height
        for group in Group:
            of_it = [item for item in items if item.group == group]
            if not of_it and group != Group.NEEDS_YOU:
                continue
            if options and is_roomy:
                options.append(Option("", id=f"before-{group.name}", disabled=True))
            options.append(Option(heading(group, len(of_it)), id=group.name, disabled=True))
            options += [Option(line(item, self._signs, cells=cells), id=item.key) for item in of_it]
        if not items:
            options.append(Option(Text(EMPTY, style="quiet"), id="empty", disabled=True))
        return options

    def _redraw(self, option: Option) -> None:
        assert option.id is not None
        if self.get_option(option.id).prompt != option.prompt:
            self.replace_option_prompt(option.id, option.prompt)

    def _return_to(self, item: Item | None, row: int | None) -> None:
        """To the same item; where it has gone, to whatever stands in its place."""
        if item is not None and item.key in self._items:
            self.highlighted = self.get_option_index(item.key)
        elif self._items:
            self.highlighted = min(row or 0, self.option_count - 1)
            if self.selected is None:
                self.action_cursor_down()
