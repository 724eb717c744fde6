"""The person at the gates: answers as the scripts say, and remembers what was taken from them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.errors import AlreadyAnswered, HoldfastError, NotFound
from tests.chaos.reading import Reading
from tests.chaos.script import Plan

LOOKS_EVERY_SECONDS = 0.1
OPEN = """
    select q.id, q.plan_id, q.step_key, q.key like '%/report' as is_report, (select count(*) from holdfast.questions o
        where o.plan_id = q.plan_id and o.step_key = q.step_key and o.id < q.id and o.key not like '%/report') as number
    from holdfast.questions q where q.status = 'open'
"""


class Person:
    """Answers every question once."""

    def __init__(
        self, engine: Engine, reading: Reading, plans: dict[UUID, Plan], venture_id: UUID
    ) -> None:
        self._engine = engine
        self._reading = reading
        self._plans = plans
        self._venture_id = venture_id
        self.answered: dict[UUID, str] = {}
        """What was acknowledged."""

    async def answer_all(self) -> None:
        """Answer what is asked, for ever."""
        while True:
            for question in await self._reading.all(OPEN):
                with contextlib.suppress(HoldfastError):  # the next look tries again
                    await self._answer(question)
            await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def _answer(self, question: Any) -> None:
        said = self._plans[question["plan_id"]].step(question["step_key"]).answers()
        number = question["number"]
        answer = said[number] if number < len(said) else "approve"
        if question["is_report"]:
            answer = "go on"
        with contextlib.suppress(AlreadyAnswered, NotFound):
            await self._engine.call(
                "answer_question",
                question_id=question["id"],
                answer=answer,
                answered_by="the person",
                venture_id=self._venture_id,
            )
            self.answered[question["id"]] = answer


@asynccontextmanager
async def answering(person: Person) -> AsyncIterator[None]:
    """The person is there while the block runs."""
    task = asyncio.create_task(person.answer_all(), name="person")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
