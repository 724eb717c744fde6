"""How commands reach Holdfast."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
import uvloop

from holdfast.client import Holdfast, connect
from holdfast.errors import InvalidValue, NotFound

_Result = TypeVar("_Result")

VentureOption = Annotated[str | None, typer.Option("--venture", help="The venture's slug.")]
_LISTS = {
    "plan": "holdfast status",
    "question": "holdfast questions",
    "token": "holdfast token list",
    "supervisor": "holdfast supervisor list --all",
}

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


def run_async(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a command's work on the fast event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


@asynccontextmanager
async def connected(venture: str | None) -> AsyncIterator[tuple[Holdfast, UUID]]:
    """Holdfast and the venture that the command means."""
    async with connect(venture=venture) as hf:
        yield hf, await hf.venture_id()


async def find_id(hf: Holdfast, venture_id: UUID, noun: str, text: str) -> UUID:
    """An id from the text a person typed: all of it, or the beginning or the end.

    Raises:
        NotFound: none is like that.
        InvalidValue: several are, or the text is no part of an id.
    """
    if not re.fullmatch(r"[0-9a-fA-F-]{4,36}", text):
        raise InvalidValue(f"{text!r} is no id of a {noun}.", hint=f"Copy one from: {_LISTS[noun]}")
    rows = await hf.engine.read(f"find_{noun}", venture_id, text.lower())
    if not rows:
        raise NotFound(
            f"There is no {noun} {text}.",
            hint=f"List them with: {_LISTS[noun]}",
        )
    if len(rows) > 1:
        raise InvalidValue(f"Several {noun}s are like {text}.", hint="Type more of the id.")
    found: UUID = rows[0]["id"]
    return found
