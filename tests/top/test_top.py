"""`holdfast top` as a person uses it: real keys, a real database, and what is on the terminal afterwards."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.console import Console
from textual.pilot import Pilot

from holdfast.client import Holdfast, connect
from holdfast.top.app import Top
from tests.support import feed
from tests.support.workers import until

UTF8 = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
ASCII = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"))


@pytest.fixture
async def hf(holdfast_url: str) -> AsyncIterator[Holdfast]:
    async with connect(holdfast_url) as connected:
        yield connected


class Terminal:
    """A terminal with `holdfast top` on it."""

    def __init__(self, app: Top, pilot: Pilot[None]) -> None:
        self.app = app
        self._pilot = pilot

    @property
    def lines(self) -> list[str]:
        """What stands on it."""
        size = self.app.size
        strips = self.app.screen._compositor.render_strips(size)
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def line_of(self, text: str) -> str:
        """The first line with a text in it; empty where there is none."""
        return next((line for line in self.lines if text in line), "")

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def shows(self, *texts: str) -> None:
        """Wait until every text is on it."""
        await self._until(lambda: all(map(self.line_of, texts)))

    async def lacks(self, text: str) -> None:
        """Wait until a text is not on it any more."""
        await self._until(lambda: not self.line_of(text))

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async def look() -> bool:
            await self._pilot.pause()
            return is_so()

        try:
            await until(look)
        except AssertionError:
            raise AssertionError("\n".join(self.lines)) from None


@asynccontextmanager
async def terminal(
    hf: Holdfast, *, size: tuple[int, int] = (80, 24), signs: Console = UTF8
) -> AsyncIterator[Terminal]:
    app = Top(hf, await hf.venture_id(), signs=signs)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Terminal(app, pilot)


async def ask(
    hf: Holdfast,
    message: str,
    options: list[str] | None = None,
    schema: dict[str, Any] | None = None,
) -> None:
    """A question of a session's."""
    asker = f"asks {message[:20]}"
    session = await hf.engine.call_row("start_session", session_id=asker)
    await hf.engine.call(
        "ask_question",
        message=message,
        options=options,
        schema=schema,
        session_id=asker,
        epoch=session["epoch"],
        token=session["token"],
    )


async def test_an_empty_venture_teaches_what_to_do(hf: Holdfast) -> None:
    async with terminal(hf) as top:
        await top.shows("Needs you  0", "nobody waits", "Begin with: holdfast run PLAN.yaml")


async def test_what_happens_is_shown_as_it_happens(hf: Holdfast) -> None:
    async with terminal(hf) as top:
        await top.shows("live")
        async with hf.execution("market research", steps=4) as run:
            await top.shows("Working  1", "market research")
            for _ in run.track(range(1)):
                run.activity("reading the first source")
            await top.shows("█████─", "reading the")
        await top.shows("Done  1", "●")
        assert "Working" not in "\n".join(top.lines)


async def test_every_line_fits_eighty_columns(hf: Holdfast) -> None:
    await ask(hf, "Shall the release go out today, although one test is slow? " * 3, ["yes", "no"])
    async with hf.execution(
        "an execution with a name that is longer than its column", steps=3
    ) as run:
        run.activity("doing something that takes many words to say what it is")
        await run.flush()
        async with terminal(hf) as top:
            await top.shows("Shall the release", "an execution with a", "…")
            assert max(map(len, top.lines)) <= 80
            assert top.line_of("Shall").rstrip().endswith(" s")


async def test_a_question_is_answered_with_two_keys(hf: Holdfast) -> None:
    await ask(hf, "Deploy to production?", ["deployed", "rejected"])
    async with terminal(hf) as top:
        await top.shows("Needs you  1", "Deploy to production?")
        await top.press("a")
        await top.shows("1 deployed", "2 rejected")
        await top.press("2")
        await top.shows("Needs you  0")
    [asked] = await hf.questions(open_only=False)
    assert (asked["status"], asked["answer"]) == ("answered", "rejected")


async def test_an_answer_may_be_typed_where_no_options_are_given(hf: Holdfast) -> None:
    await ask(hf, "Which port?")
    async with terminal(hf) as top:
        await top.shows("Which port?")
        await top.press("a", *"8080", "enter")
        await top.shows("Needs you  0")
    [asked] = await hf.questions(open_only=False)
    assert asked["answer"] == 8080


async def test_a_form_is_filled_in_and_what_is_wrong_with_it_is_told_before_it_is_lost(
    hf: Holdfast,
) -> None:
    properties = {
        "replicas": {"type": "integer", "minimum": 1, "maximum": 9},
        "because": {"type": "string"},
    }
    schema = {"type": "object", "properties": properties, "required": ["replicas"]}
    await ask(hf, "How many?", schema=schema)
    async with terminal(hf) as top:
        await top.shows("How many?")
        await top.press("a", *"80", "tab", *"more", "enter")
        await top.shows("replicas (integer, at least 1, at most 9)", "because", "is greater than 9")
        await top.press("shift+tab", "8", "enter")
        await top.shows("Needs you  0")
    [asked] = await hf.questions(open_only=False)
    assert asked["answer"] == {"replicas": 8, "because": "more"}


async def test_going_back_answers_nothing(hf: Holdfast) -> None:
    await ask(hf, "Deploy?", ["yes", "no"])
    async with terminal(hf) as top:
        await top.shows("Deploy?")
        await top.press("a", "escape", "j", "k")
        await top.shows("Needs you  1")
    [asked] = await hf.questions()
    assert asked["status"] == "open"


async def test_a_question_that_was_answered_elsewhere_says_so(hf: Holdfast) -> None:
    await ask(hf, "Deploy?", ["yes", "no"])
    [asked] = await hf.questions()
    async with terminal(hf) as top:
        await top.shows("Deploy?")
        await top.press("a")
        await hf.answer(asked["id"], "no")
        await top.press("1")
        await top.shows("The question", "was answered")


async def test_enter_opens_the_detail_and_escape_closes_it(hf: Holdfast) -> None:
    async with hf.execution("market research", steps=2) as run:
        for _ in run.track(["the first source"]):
            run.log("reading it now")
        await run.flush()
        async with terminal(hf) as top:
            await top.shows("market research")
            await top.press("enter")
            await top.shows("reading it now", "the first source", "━━━━")
            assert not top.line_of("Needs you")
            await top.press("escape")
            await top.shows("Needs you")


async def test_beside_the_list_the_detail_follows_the_cursor(hf: Holdfast) -> None:
    for name in ("first", "second"):
        execution = await hf.engine.call_value("create_execution", name=name)
        await hf.engine.call("start_execution", execution_id=execution)
        await hf.engine.call("append_logs", execution_ids=[execution], epochs=[None], tokens=[None], levels=["info"], messages=[f"said by the {name}"])  # fmt: skip
    async with terminal(hf, size=(130, 30)) as top:
        await top.shows("said by the second")
        await top.press("j")
        await top.shows("said by the first")
        await top.press("k")
        await top.shows("said by the second")


async def test_the_cursor_stays_on_its_item_while_others_come(hf: Holdfast) -> None:
    await hf.engine.call("create_execution", name="mine")
    async with terminal(hf, size=(130, 30)) as top:
        await top.shows("mine")
        for number in range(3):
            await hf.engine.call("create_execution", name=f"other {number}")
        await top.shows("other 2")
        selected = top.app.query_one("FleetList").selected  # type: ignore[attr-defined]
        assert selected.name == "mine"


async def test_a_filter_shows_what_has_every_word(hf: Holdfast) -> None:
    for name in ("alpha one", "alpha two", "beta one"):
        await hf.engine.call("create_execution", name=name)
    async with terminal(hf) as top:
        await top.shows("alpha one", "beta one")
        await top.press("slash", *"one al", "enter")
        await top.shows("alpha one", "Idle  1")
        assert not top.line_of("beta")
        await top.press("escape")
        await top.shows("alpha two", "beta one")


async def test_a_dead_workers_run_is_lost_and_then_has_a_gap_and_a_notch(hf: Holdfast) -> None:
    execution = await hf.engine.call_value("create_execution", name="stubborn", kind="callable")
    async with terminal(hf) as top:
        await hf.engine.call(
            "claim_executions", kinds=["callable"], holder="one", lease_seconds=0.3
        )
        await top.shows("Lost  1", "◌ stubborn")
        await hf.engine.call("reap")
        await hf.engine.call("claim_executions", kinds=["callable"], holder="two")
        await top.shows("Working  1", "stubborn 1×")
        await top.press("enter")
        await top.shows("╌1")
    assert execution


async def test_every_state_has_a_sign_where_the_terminal_knows_ascii_only(hf: Holdfast) -> None:
    await ask(hf, "Deploy?", ["yes", "no"])
    async with hf.execution("market research", steps=2) as run:
        for _ in run.track(["one"]):
            pass
        await run.flush()
        async with terminal(hf, signs=ASCII, size=(130, 30)) as top:
            await top.shows("| Deploy?", "/ market research", "##########")
            assert "\n".join(top.lines).isascii()


async def test_the_keys_are_shown_and_the_colours_turned(hf: Holdfast) -> None:
    async with terminal(hf) as top:
        await top.press("question_mark")
        await top.shows("answer the question", "dark or light")
        await top.press("escape", "t")
        await top.lacks("dark or light")
        assert top.app.theme == "holdfast-paper"
        await top.press("t")
        assert top.app.theme == "holdfast-ink"


async def test_what_is_not_live_says_since_when_and_catches_up(
    hf: Holdfast, holdfast_url: str
) -> None:
    name = holdfast_url.rpartition("/")[2].partition("?")[0]
    server = holdfast_url.replace(name, "postgres")
    async with terminal(hf) as top:
        await top.shows("live")
        await feed.ask(server, f"alter database {name} with allow_connections false")
        await feed.ask(
            server,
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1",
            name,
        )
        await top.shows("not live since ")
        await feed.ask(server, f"alter database {name} with allow_connections true")
        await top.shows("live")
        await top.lacks("not live since")
        await hf.engine.call("create_execution", name="came back")
        await top.shows("came back")
