"""What a supervisor's function is given: durable steps, spawned executions, questions."""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeVar
from uuid import UUID

from holdfast.engine.backoff import patiently
from holdfast.engine.calls import Engine
from holdfast.engine.connections import encode_json
from holdfast.errors import InvalidValue, WorkFailed
from holdfast.live.watch import Watch
from holdfast.model.kinds import kind_of
from holdfast.model.leases import Lease
from holdfast.model.states import ExecutionStatus, QuestionStatus, SupervisorState
from holdfast.model.supervisors import restoration_of
from holdfast.supervisors.conversation import Conversation
from holdfast.supervisors.outcomes import Outcome, Outcomes
from holdfast.supervisors.tool_calls import unanswered_calls
from holdfast.supervisors.writer import SupervisorWriter

_Result = TypeVar("_Result")


class Job:
    """An execution that a supervisor spawned."""

    def __init__(self, execution_id: UUID, key: str) -> None:
        self.id = execution_id
        self.key = key


class Supervisor:
    """A supervisor that runs in this process, held under a lease.

    Its function runs again from the top after a crash. Finished steps, spawned executions and questions are found
    again by their names, so the function must use the same names in the same order each time.
    """

    def __init__(
        self,
        *,
        lease: Lease,
        name: str,
        input: Any,
        memory: dict[str, Any],
        restoration_count: int,
        engine: Engine,
        writer: SupervisorWriter,
        watch: Watch,
    ) -> None:
        self.lease = lease
        self.name = name
        self.input = input
        self.restoration_count = restoration_count
        self._engine = engine
        self._writer = writer
        self._outcomes = Outcomes(engine, watch, lease.venture_id)
        self._steps: dict[str, Any] = memory["steps"]
        self._executions: dict[str, str] = memory["executions"]
        self._names: Counter[str] = Counter()
        self._waits: Counter[SupervisorState] = Counter()
        told = memory.get("restoration")
        self.restoration = restoration_of(told) if told else None
        """What its newest restoration found; None if it never was interrupted."""
        self.conversation = Conversation(
            call=partial(self.call, supervisor_id=self.id),
            load=self._load,
            checkpoint=memory.get("checkpoint"),
        )
        """What it and its agent said, kept turn by turn."""

    @property
    def id(self) -> UUID:
        """The supervisor's id."""
        return self.lease.id

    async def call(self, function: str, /, **arguments: Any) -> Any:
        """Call an engine function under this supervisor's lease; gives its rows."""
        return await self._engine.call(function, **arguments, **self.lease.fence)

    async def save(
        self,
        *,
        activity: str | None = None,
        progress: float | None = None,
        state: SupervisorState | None = None,
    ) -> None:
        """Say where the work is."""
        await self._writer.save(self.lease, state=state, activity=activity, progress=progress)

    async def phase(self, name: str) -> None:
        """Enter a phase of one's own; this is a save point."""
        await self.call("update_supervisor_phase", supervisor_id=self.id, phase=name)

    async def checkpoint(self, state: Any = None, *, label: str | None = None) -> int:
        """Make a save point now, with what `recall` shall give after a crash. Gives its number."""
        return await self.conversation.keep(state, label=label)

    async def recall(self) -> Any:
        """What the newest checkpoint was given to keep."""
        return await self.conversation.recall()

    async def context(self) -> str | None:
        """What the agent has to know after a restoration: where it was, what changed meanwhile, which outcome is unknown.

        None if it was never interrupted.
        """
        if self.restoration is None:
            return None
        calls = unanswered_calls(await self.conversation.messages())
        unknown = [f"Called, and nobody knows with what outcome: {call}" for call in calls]
        return "\n".join([self.restoration.context, *unknown])

    async def _load(self) -> list[Any]:
        return await self._engine.call(
            "load_checkpoint", supervisor_id=self.id, venture_id=self.lease.venture_id
        )

    async def step(
        self,
        name: str,
        function: Callable[..., Awaitable[_Result] | _Result],
        /,
        *args: Any,
        **kwargs: Any,
    ) -> _Result:
        """Run a function once, ever; later runs get the result that was kept.

        A step that was running when its supervisor died runs again; if the function takes `attempt`, it is told
        for the how-manieth time. The result must be JSON.

        Raises:
            TooLarge: the result is larger than the database keeps.
            InvalidValue: the result is not JSON.
        """
        name = self._unique(name)
        done = self._steps.get(name)
        if done is not None and done["status"] == "completed":
            kept: _Result = done["result"]
            return kept
        row = await self._writer.begin_step(self.lease, name)
        if "attempt" in inspect.signature(function).parameters:
            kwargs["attempt"] = row["attempt"]
        try:
            result: _Result = await _maybe_await(function(*args, **kwargs))
            _require_json(name, result)
        except Exception as error:
            await self._finish_step(name, error=_describe(error))
            raise
        await self._finish_step(name, result=result)
        return result

    async def _finish_step(self, name: str, **outcome: Any) -> None:
        """What a step gave may have taken hours: it is not thrown away because the database restarts."""
        await patiently(lambda: self._writer.finish_step(self.lease, name, **outcome))

    async def spawn(self, agent: str, /, *, key: str | None = None, **input: Any) -> Job:
        """Start an execution, once, ever: the callable of that name, `command` with `command=[…]`, or `claude` with `prompt=…`."""
        key = self._unique(key or agent)
        if key in self._executions:
            return Job(UUID(self._executions[key]), key)
        [row] = await self.call(
            "spawn_execution",
            supervisor_id=self.id,
            key=key,
            name=key,
            kind=kind_of(agent),
            input=input,
            agent=agent,
        )
        return Job(row[0], key)

    async def gather(self, jobs: Sequence[Job]) -> list[Any]:
        """Wait until every job has ended; gives their results in the order of the jobs.

        Raises:
            WorkFailed: some failed or were cancelled; all have ended by then.
        """
        async with self.waiting(SupervisorState.WAITING_FOR_TASKS):
            outcomes = await self._outcomes.wait_for_all(executions=[job.id for job in jobs])
        failed = [job for job in jobs if outcomes[job.id].status != ExecutionStatus.COMPLETED]
        if failed:
            told = "; ".join(
                f"{job.key}: {outcomes[job.id].error or outcomes[job.id].status}" for job in failed
            )
            raise WorkFailed(f"{len(failed)} of {len(jobs)} jobs did not complete: {told}")
        return [outcomes[job.id].value for job in jobs]

    async def ask(
        self,
        message: str,
        *,
        options: Sequence[Any] | None = None,
        key: str | None = None,
        expires_in_hours: float | None = None,
        default: Any = None,
        context: dict[str, Any] | None = None,
        schema: dict[str, Any] | None = None,
        person: str | None = None,
        role: str | None = None,
        on_expiry: Literal["default", "fail", "escalate"] | None = None,
        escalation: dict[str, Any] | None = None,
        action: Any = None,
        blocks: Sequence[str] | None = None,
    ) -> Any:
        """Ask a person and wait for the answer; a question that expired gives its default.

        The question outlives this process: asked again after a crash it is the same question, and an answer that
        came meanwhile is there at once. Asked again about another `action` it is a new one: an approval is for exactly
        what was shown.

        Args:
            message: what is asked.
            options: the answers to choose from.
            key: its name, by which it is found again; unset: the message.
            expires_in_hours: how long it is open.
            default: the answer when nobody gives one.
            context: what is shown beside it; `text` as it stands.
            schema: the form of the answer, as a JSON Schema.
            person: whom it is for, by user id or mail address.
            role: which members it is for; unset with `person` too: operators.
            on_expiry: what happens when nobody answers: the default is given, this call fails, or others are asked.
            escalation: whom to ask then: `{"audience": {"role": "owner"}, "expires_in_seconds": 3600, "on_expiry": "fail"}`.
            action: what exactly an approval is for.
            blocks: what waits for the answer besides this supervisor.

        Raises:
            WorkFailed: it was withdrawn, or nobody answered and `on_expiry` is `fail`.
        """
        key = self._unique(key or message)
        [row] = await self.call(
            "ask_question",
            supervisor_id=self.id,
            message=message,
            key=key,
            options=None if options is None else list(options),
            expires_in_seconds=None if expires_in_hours is None else expires_in_hours * 3600,
            default_answer=default,
            context=context or {},
            schema=schema,
            audience={k: v for k, v in (("person", person), ("role", role)) if v} or None,
            on_expiry=on_expiry,
            escalation=escalation,
            action=action,
            blocks=None if blocks is None else list(blocks),
        )
        async with self.waiting(SupervisorState.WAITING_FOR_ANSWERS):
            outcomes = await self._outcomes.wait_for_all(questions=[row["id"]])
        return await self._consume(row["id"], outcomes[row["id"]])

    async def wait_for_any_change(
        self, ids: Sequence[UUID | str], look: Callable[[], Awaitable[bool]]
    ) -> None:
        """Wait until `look` says that there is something to do; it is asked again whenever one of `ids` changed."""
        await self._outcomes.wait_until(ids, look)

    async def outcomes_of(
        self, *, executions: Sequence[UUID] = (), questions: Sequence[UUID] = ()
    ) -> dict[UUID, Outcome]:
        """How executions and questions stand now."""
        return await self._outcomes.read(executions, questions)

    async def consume(self, question_id: UUID) -> None:
        """Take an answer: it is delivered and acknowledged."""
        await self.call("deliver_answer", question_id=question_id)
        await self.call("acknowledge_answer", question_id=question_id)

    async def _consume(self, question_id: UUID, outcome: Outcome) -> Any:
        match QuestionStatus(outcome.status):
            case QuestionStatus.WITHDRAWN:
                raise WorkFailed("The question was withdrawn before it was answered.")
            case QuestionStatus.EXPIRED:
                if outcome.error is not None:
                    raise WorkFailed(outcome.error)
                return outcome.value
            case QuestionStatus.ACKNOWLEDGED:
                return outcome.value
        await self.consume(question_id)
        return outcome.value

    def waiting(self, state: SupervisorState) -> _Waiting:
        """Show this supervisor as waiting while the block runs."""
        return _Waiting(self, state)

    def _unique(self, name: str) -> str:
        """The same name used again means another thing: `review`, then `review#2`."""
        name = name[:180]
        self._names[name] += 1
        count = self._names[name]
        return name if count == 1 else f"{name}#{count}"


class _Waiting:
    """Shows a supervisor as waiting for as long as something in it waits."""

    def __init__(self, supervisor: Supervisor, state: SupervisorState) -> None:
        self._supervisor = supervisor
        self._state = state

    async def __aenter__(self) -> None:
        waits = self._supervisor._waits
        waits[self._state] += 1
        if waits.total() == 1:
            await self._supervisor.save(state=self._state)

    async def __aexit__(self, *_: object) -> None:
        waits = self._supervisor._waits
        waits[self._state] -= 1
        if waits.total() == 0 and not asyncio.current_task().cancelling():  # type: ignore[union-attr]
            await self._supervisor.save(state=SupervisorState.WORKING)


async def _maybe_await(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _require_json(name: str, result: Any) -> None:
    try:
        encode_json(result)
    except InvalidValue as error:
        raise InvalidValue(
            f"The result of the step {name}: {error.message}", hint=error.hint
        ) from None


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
