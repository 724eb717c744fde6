"""A plan that takes a second, long enough for a heartbeat, sends itself back once, asks once and verifies; and what its end must be."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from holdfast.client import Holdfast
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import AlreadyAnswered
from holdfast.plans.creating import create_plan
from holdfast.plans.loading import load_plan
from holdfast.runtime.worker import Worker
from tests.support.workers import Rows, until

YAML = """
name: small
steps:
  - id: write
    command: [sh, -c, 'echo "${HOLDFAST_FINDINGS:-first}" > "$HOLDFAST_WORK_DIR/draft"']
  - id: review
    needs: [write]
    command: [sh, -c, 'grep -q wanting "$HOLDFAST_WORK_DIR/draft" && exit; echo "::result {\\"findings\\": [\\"wanting\\"]}"; exit 1']
    on_failure: {go_back_to: write, at_most: 1}
  - id: deploy
    needs: [review]
    gate: {message: 'Deployed?', options: [deployed, rejected], approve: [deployed]}
  - id: verify
    needs: [deploy]
    command: [sh, -c, 'echo "::progress 1/1 measuring"']
    verify: {command: [sh, -c, 'sleep 1; echo all is well']}
"""
_OF_THE_PERSON = frozenset({"answer_question"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made:
    """A plan that was made, in a venture of its own."""

    id: UUID
    supervisor_id: UUID
    venture_id: UUID
    venture: str


async def make(engine: PostgresEngine, venture: str, folder: Path) -> Made:
    """The plan as `holdfast run --detach` makes it."""
    folder.mkdir(parents=True)
    file = folder / "small.yaml"
    file.write_text(YAML)
    venture_id = await engine.call_value("open_venture", slug=venture)
    plan = await create_plan(engine, venture_id, load_plan(file), cwd=folder, work_dir=folder)
    return Made(
        id=plan.id, supervisor_id=plan.supervisor_id, venture_id=venture_id, venture=venture
    )


@asynccontextmanager
async def answering(engine: PostgresEngine, rows: Rows) -> AsyncIterator[None]:
    """A person who gives the first answer to every question as soon as it is asked."""

    async def answer_all() -> None:
        while True:
            for asked in await rows.all(
                "select venture_id, id, options from holdfast.questions where status = 'open'"
            ):
                with contextlib.suppress(AlreadyAnswered):
                    await engine.call(
                        "answer_question",
                        question_id=asked["id"],
                        answer=asked["options"][0],
                        answered_by="ada",
                        venture_id=asked["venture_id"],
                    )
            await asyncio.sleep(0.1)

    task = asyncio.create_task(answer_all())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def over(rows: Rows, plan: Made) -> bool:
    """Whether the plan and its supervisor have ended."""
    ended: bool = await rows.one(
        "select p.ended_at is not null and s.ended_at is not null from holdfast.plans p"
        " join holdfast.supervisor_states s using (venture_id) where p.id = $1 and s.id = $2",
        plan.id,
        plan.supervisor_id,
    )
    return ended


async def end_of(rows: Rows, plan: Made) -> dict[str, Any]:
    """All of a plan's end that must not depend on who died on the way."""

    async def tuples(query: str, subject: UUID = plan.id) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in await rows.all(query, subject)]

    return {
        "plan": await tuples(
            "select p.status, s.state, s.progress, s.deaths_in_a_row < 5, d.status, d.phase"
            " from holdfast.plans p"
            " join holdfast.supervisor_states s on s.id = p.supervisor_id"
            " join holdfast.directives d on d.id = p.directive_id where p.id = $1"
        ),
        "steps": await tuples(
            "select step_key, round, status, attempt, result, findings, error_message"
            " from holdfast.plan_steps where plan_id = $1 order by round, position"
        ),
        "evidence": await tuples(
            "select step_key, round, attempt, command, exit_code, output_digest, output_tail"
            " from holdfast.plan_step_evidence where plan_id = $1 order by 1, 2"
        ),
        "questions": await tuples(
            "select key, status, answer, answered_by from holdfast.questions where plan_id = $1"
        ),
        "answers": await tuples(
            "select type, count(*) from holdfast.events where stream_id = $1"
            " and type like 'question.%' group by 1 order by 1",
            plan.supervisor_id,
        ),
        "moves": await tuples(
            "select type, data ->> 'step', data ->> 'round' from holdfast.events"
            " where stream_id = $1 order by seq"
        ),
        "executions": await tuples(
            "select key, status, result ->> 'exit_code' from holdfast.agent_executions"
            " where supervisor_id = $1 order by key",
            plan.supervisor_id,
        ),
        "sessions": await tuples(
            "select count(*), min(state::text) from holdfast.claude_sessions"
            " where session_id = 'plan:' || ($1::uuid)::text"
        ),
        "held": await tuples(
            "select count(*) from holdfast.directive_claims c join holdfast.plans p"
            " on p.directive_id = c.directive_id where p.id = $1 and c.session_id is not null"
        ),
    }


async def calls_of_an_undisturbed_run(
    hf: Holdfast, rows: Rows, plan: Made, monkeypatch: pytest.MonkeyPatch
) -> Counter[str]:
    """How often a worker calls each function of the engine while it runs the plan."""
    calls: Counter[str] = Counter()
    call = PostgresEngine.call

    async def counted(self: PostgresEngine, function: str, /, **arguments: Any) -> list[Any]:
        if function not in _OF_THE_PERSON:
            calls[function] += 1
        return await call(self, function, **arguments)

    with monkeypatch.context() as patched:
        patched.setattr(PostgresEngine, "call", counted)
        worker = Worker(hf, venture_id=plan.venture_id)
        worker.start()
        try:
            await until(lambda: over(rows, plan))
            return Counter(calls)  # without what stopping calls
        finally:
            await worker.stop()
