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
from tests.chaos.script import Plan, Rollback

LOOKS_EVERY_SECONDS = 0.1
OPEN = """
    with asked as (
        select q.*, coalesce(substring(q.key from '/(report|work)$'), 'gate') as about from holdfast.questions q
    )
    select q.id, q.plan_id, q.step_key, q.about, (select count(*) from asked o
        where o.plan_id = q.plan_id and o.step_key = q.step_key and o.about = q.about and o.id < q.id) as number
    from asked q where q.status = 'open'
"""
UNROLLED = """
    select s.step_key as after from holdfast.plan_steps s where s.plan_id = $1 and s.status = 'completed'
        and not exists (select from holdfast.events e where e.stream_id = s.plan_id and e.type = 'plan.rolling_back')
"""
UNTICKED = (
    "select plan_id, condition_id from holdfast.plan_conditions where kind = 'tick' and not holds"
)


class Person:
    """Answers every question once, ticks what waits for a tick, and has taken back what the scripts say."""

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
            for condition in await self._reading.all(UNTICKED):
                await self._try("tick_condition", **dict(condition))
            for plan_id, plan in self._plans.items():
                if plan.rollback is not None:
                    await self._roll_back(plan_id, plan.rollback)
            await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def _roll_back(self, plan_id: UUID, wanted: Rollback) -> None:
        completed = {row["after"] for row in await self._reading.all(UNROLLED, plan_id)}
        if wanted.after in completed:
            told = {"to_step": wanted.to, "reason": "as its script says"}
            await self._try("roll_plan_back", plan_id=plan_id, **told)

    async def _try(self, function: str, **arguments: Any) -> None:
        with contextlib.suppress(HoldfastError):  # the next look tries again, unless it was done
            await self._engine.call(function, venture_id=self._venture_id, **arguments)

    async def _answer(self, question: Any) -> None:
        step = self._plans[question["plan_id"]].step(question["step_key"])
        script, then = {
            "gate": (step.answers(), "approve"),
            "work": (step.words(), "done"),
            "report": ([], "go on"),
        }[question["about"]]
        answer = dict(enumerate(script)).get(question["number"], then)
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
