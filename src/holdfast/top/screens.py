"""What stands before the list for a moment: answering, and the keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeAlias

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from holdfast.terminal.answers import told_value
from holdfast.terminal.forms import fields_of, filled
from holdfast.top.fleet import Item
from holdfast.top.list import KeyedList

KEYS = (
    ("j k", "down, up"),
    ("g G", "first, last"),
    ("enter", "open"),
    ("escape", "back"),
    ("a", "answer the question"),
    ("/", "filter; each word must match"),
    ("t", "dark or light"),
    ("?", "these keys"),
    ("q", "quit"),
)


Send: TypeAlias = Callable[[Any], Awaitable[str | None]]
"""Gives an answer; says what is wrong with it, if something is."""


class AnswerScreen(ModalScreen[None]):
    """One question; stays until it is answered or the person goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back"),
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, 10)),
    ]

    def __init__(self, question: Item, send: Send) -> None:
        super().__init__()
        self._question = question
        self._options = question.options or ()
        self._fields = fields_of(question.schema or {})
        self._send = send

    def compose(self) -> ComposeResult:
        """The question, what it shows, and what may be answered."""
        with Vertical(id="dialog"):
            yield Static(self._question.name, classes="strong", markup=False)
            yield Static(self._question.activity, classes="quiet", markup=False)
            if text := self._question.context.get("text"):
                with VerticalScroll(id="shown"):
                    yield Static(str(text), markup=False)
            if self._options:
                yield from self._choice()
            else:
                yield from self._form()
            yield Static("", id="problem", markup=False)

    def _choice(self) -> ComposeResult:
        lines = [
            Text.assemble((f"{n} ", "quiet"), told_value(one))
            for n, one in enumerate(self._options, 1)
        ]
        yield KeyedList(*lines, compact=True, markup=False)
        yield Static("enter or a number answers, escape goes back", classes="quiet")

    def _form(self) -> ComposeResult:
        for field in self._fields:
            is_whole = field.name is None and not self._question.schema
            yield Static("your answer" if is_whole else field.label, classes="quiet", markup=False)
            yield Input(field.default, compact=True)
        more = "tab goes on, " if len(self._fields) > 1 else ""
        yield Static(f"{more}enter answers, escape goes back", classes="quiet")

    def on_mount(self) -> None:
        """Ready for the first key."""
        self.query(OptionList if self._options else Input).first().focus()

    async def action_choose(self, number: int) -> None:
        """Answer with the option of that number."""
        if number <= len(self._options):
            await self._answer(self._options[number - 1])

    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer with the option under the cursor."""
        await self.action_choose(event.option_index + 1)

    async def on_input_submitted(self) -> None:
        """Answer with what was typed."""
        typed = [one.value.strip() for one in self.query(Input)]
        if any(typed):
            names = (field.name for field in self._fields)
            await self._answer(filled(self._fields, dict(zip(names, typed, strict=True))))

    async def _answer(self, answer: Any) -> None:
        problem = await self._send(answer)
        if problem is None:
            self.dismiss(None)
        else:
            self.query_one("#problem", Static).update(problem)


class KeysScreen(ModalScreen[None]):
    """Every key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss(None)", "back")
    ]

    def compose(self) -> ComposeResult:
        """One line for each."""
        with Vertical(id="dialog"):
            for keys, does in KEYS:
                yield Static(Text.assemble((f"{keys:<8}", "bold"), does))
