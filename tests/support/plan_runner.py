"""A plan's runner as a test plays it: it asks the database what is due and does it, and its agents take no time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tests.support.sql import Row, call, call_row, call_value, one
from tests.support.world import verify_step

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

_OPEN = "select step_key, status::text from holdfast.plan_steps where plan_id = $1 and ended_at is null order by position, item_index nulls first"  # fmt: skip
ROUNDS = "select step_key, round, status::text from holdfast.plan_steps where plan_id = $1 order by position, item_index nulls first, round"  # fmt: skip
_OF_A_RUN = {"command": ["true"], "output_sha256": "00" * 32, "output_tail": "", "duration_ms": 1}
_numbers = itertools.count(1)


class Played:
    """A plan of the default venture, whose supervisor nobody holds: its calls carry no token."""

    def __init__(self, connection: Connection, plan_id: Any) -> None:
        self.connection = connection
        self.id = plan_id
        self.plan = {"plan_id": plan_id, "epoch": None, "token": None}

    async def call(self, function: str, step: str | None = None, **given: Any) -> list[Row]:
        """Move it as its runner does."""
        named = {} if step is None else {"step_key": step}
        return await call(self.connection, function, **self.plan, **named, **given)

    async def steer(self, function: str, **given: Any) -> None:
        """Move it as a person does."""
        await call(self.connection, function, plan_id=self.id, **given)

    async def answer(self, answer: Any) -> None:
        """Answer its open question, as a person does."""
        row = await one(
            self.connection,
            "select id from holdfast.questions where plan_id = $1 and status = 'open'",
            self.id,
        )
        await call(self.connection, "answer_question", question_id=row["id"], answer=answer)

    async def due(self) -> list[tuple[str, str | None]]:
        """What there is to do."""
        return [(row["deed"], row["step_key"]) for row in await self.call("advance_plan")]

    async def open_steps(self) -> dict[str, str]:
        """The steps that have not ended, after a look at what is due."""
        await self.call("advance_plan")
        rows = await self.connection.fetch(_OPEN, self.id)
        return {row["step_key"]: row["status"] for row in rows}

    async def start(self, *steps: str) -> None:
        """Begin steps whose work nobody does."""
        for step in steps:
            await self.call("start_plan_step", step)

    async def complete(self, *steps: str, result: Any = None) -> None:
        """Begin steps, and complete them."""
        await self.start(*steps)
        for step in steps:
            await self.call("complete_plan_step", step, result=result)

    async def fail(self, step: str, *, retry: bool = False) -> None:
        """Fail a step that has begun."""
        await self.call("fail_plan_step", step, reason="broken", retry=retry)

    async def run_verification(self, step: str, exit_code: int) -> None:
        """Let a step's verification run to its end; nothing is recorded yet."""
        await verify_step(self.connection, self.plan, {}, step, exit_code=exit_code)

    async def finish(self, error: str | None = None) -> str:
        """End it as its steps say."""
        status: str = await call_value(self.connection, "finish_plan", **self.plan, error=error)
        return status

    async def work(self, *steps: str) -> None:
        """The same with an execution that does the work."""
        for step in steps:
            [row] = await self.call("start_plan_step", step, kind="command", input={})
            await self.end(row["execution_id"])
            await self.call("complete_plan_step", step)

    async def end(self, execution_id: Any, exit_code: int = 0) -> None:
        """Let an execution run to its end, as a worker does."""
        await call(self.connection, "start_execution", execution_id=execution_id)
        status = "failed" if exit_code else "completed"
        result = {**_OF_A_RUN, "exit_code": exit_code}
        await call(
            self.connection, "finish_execution", execution_id=execution_id, status=status, result=result
        )  # fmt: skip

    async def step(self, step: str) -> Row:
        """The newest round of a step."""
        text = "select * from holdfast.v_plan_steps where plan_id = $1 and step_key = $2"
        return await one(self.connection, text, self.id, step)

    async def row(self) -> Row:
        """The plan as it stands."""
        return await one(self.connection, "select * from holdfast.v_plans where id = $1", self.id)

    async def rounds(self) -> list[tuple[str, int, str]]:
        """Every round of every step."""
        return [tuple(row) for row in await self.connection.fetch(ROUNDS, self.id)]


async def played(connection: Connection, *, spec: Any = None, **steps: dict[str, Any]) -> Played:
    """A plan that has begun, unless its checklist keeps it."""
    listed = [{"id": key, **step} for key, step in steps.items()]
    made = await call_row(
        connection, "create_plan", name=f"p{next(_numbers)}", steps=listed, spec=spec or {}
    )
    runner = Played(connection, made["id"])
    await runner.call("advance_plan")
    return runner
