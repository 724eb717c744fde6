"""What stands before the list for a moment: answering, and the keys."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from holdfast.terminal.answers import typed_answer
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


class AnswerScreen(ModalScreen[tuple[Any] | None]):
    """One question; gives its answer, or nothing where the person went back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back"),
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, 10)),
    ]

    def __init__(self, question: Item) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question, what it shows, and what may be answered."""
        options = self._question.options
        with Vertical(id="dialog"):
            yield Static(self._question.name, classes="strong", markup=False)
            yield Static(self._question.activity, classes="quiet", markup=False)
            if text := self._question.context.get("text"):
                with VerticalScroll(id="shown"):
                    yield Static(str(text), markup=False)
            if options:
                lines = [
                    Text.assemble((f"{n} ", "quiet"), str(o)) for n, o in enumerate(options, 1)
                ]
                yield KeyedList(*lines, compact=True, markup=False)
                yield Static("enter or a number answers, escape goes back", classes="quiet")
            else:
                yield Input(placeholder="your answer", compact=True)
                yield Static("enter answers, escape goes back", classes="quiet")

    def on_mount(self) -> None:
        """Ready for the first key."""
        self.query_one(OptionList if self._question.options else Input).focus()

    def action_choose(self, number: int) -> None:
        """Answer with the option of that number."""
        options = self._question.options or ()
        if number <= len(options):
            self.dismiss((options[number - 1],))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer with the option under the cursor."""
        self.action_choose(event.option_index + 1)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with what was typed."""
        if event.value.strip():
            self.dismiss((typed_answer(event.value.strip(), None),))


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
