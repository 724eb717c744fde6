"""The handle of an execution that runs in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

from holdfast.engine.backoff import patiently
from holdfast.engine.calls import Engine
from holdfast.engine.coalesce import Written
from holdfast.errors import LeaseLost
from holdfast.executions.values import member
from holdfast.executions.writer import ExecutionWriter
from holdfast.model.leases import Lease
from holdfast.model.states import LogLevel
from holdfast.model.todos import TodoChanges

_Item = TypeVar("_Item")


class Run:
    """One execution, held under a lease: its log, its steps, its progress.

    What is written here travels in batches; it is durable when `flush` returns, and when the execution ends.
    """

    def __init__(
        self,
        *,
        lease: Lease,
        name: str,
        engine: Engine,
        writer: ExecutionWriter,
        attempt: int = 1,
        completed_steps: int = 0,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.lease = lease
        self.name = name
        self.attempt = attempt
        self.metadata = dict(metadata or {})
        """What was kept with `annotate`, also by those who ran it before."""
        self.result: Any = None
        self._engine = engine
        self._writer = writer
        self._position = completed_steps
        self._unflushed: list[Written] = []
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    @property
    def id(self) -> UUID:
        """The execution's id."""
        return self.lease.id

    def log(self, message: str, *, level: LogLevel | str = LogLevel.INFO, **data: Any) -> None:
        """Append a line to the log; extra values are kept beside it as JSON."""
        named = member(LogLevel, "level", level)
        self._write(lambda: self._writer.log(self.lease, named, message, data or None))

    async def last_activity(self) -> str | None:
        """What was last said that is being done, also by those who ran it before."""
        rows = await self._engine.read("execution", self.lease.venture_id, self.id)
        found: str | None = rows[0]["current_activity"] if rows else None
        return found

    def activity(self, text: str) -> None:
        """Say what is being done now."""
        self._write(lambda: [self._writer.activity(self.lease, text)])

    def progress(
        self, completed: int, total: int | None = None, activity: str | None = None
    ) -> None:
        """Bring one's own numbers; refused where the engine has steps to derive them from."""
        self._write(
            lambda: [
                self._writer.save(self.lease, activity=activity, completed=completed, total=total)
            ]
        )

    def track(self, items: Iterable[_Item], *, name: str | None = None) -> Iterator[_Item]:
        """Go through items, a step each; the step is done when the next item is asked for.

        An item that raises leaves its step failed.
        """
        for item in items:
            position = self._next_position()
            label = f"{name} {position}" if name else f"{item}"[:200] or f"step {position}"
            self._step(position, label, "running")
            try:
                yield item
            except BaseException:
                self._step(position, label, "failed")
                raise
            self._step(position, label, "completed")

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """A named step; done when the block ends, failed when it raises."""
        position = self._next_position()
        self._step(position, name, "running")
        try:
            yield
        except BaseException:
            self._step(position, name, "failed")
            raise
        self._step(position, name, "completed")

    async def meter(self, **used: Any) -> None:
        """Add to the metrics: input_tokens, output_tokens, cost_usd, model_calls, tool_calls."""
        await self._engine.call("record_metrics", execution_id=self.id, **self.lease.fence, **used)

    async def annotate(self, **values: Any) -> None:
        """Keep what whoever takes this execution up after a crash must know; kept when this returns."""
        await self._write_now("annotate_execution", metadata=values)
        self.metadata |= values

    async def record_todos(self, changes: TodoChanges) -> None:
        """Make a todo list that the agent keeps for itself the steps of this execution."""
        await self._write_now(
            "record_execution_todos", items=list(changes.items), is_whole=changes.is_whole
        )

    async def flush(self) -> None:
        """Wait until everything said so far is committed.

        Raises:
            LeaseLost: the execution is not ours any more; nothing said since was kept.
        """
        pending, self._unflushed = self._unflushed, []
        outcomes = await asyncio.gather(*pending, return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for failure in failures:
            if isinstance(failure, LeaseLost):
                raise failure
        if failures:
            raise failures[0]

    async def _write_now(self, function: str, **given: Any) -> None:
        """Write what may be written twice; while the database is away it waits, as long as the lease is ours."""
        await patiently(
            lambda: self._engine.call(function, execution_id=self.id, **self.lease.fence, **given)
        )

    def _next_position(self) -> int:
        self._position += 1
        return self._position

    def _step(self, position: int, name: str, status: str) -> None:
        self._write(lambda: [self._writer.step(self.lease, position, name, status)])

    def _write(self, write: Callable[[], list[Written]]) -> None:
        """Queue something; a function that runs in a thread writes through the event loop it came from."""
        if threading.get_ident() == self._thread:
            self._keep(write())
        else:
            self._loop.call_soon_threadsafe(lambda: self._keep(write()))

    def _keep(self, written: list[Written]) -> None:
        self._unflushed = [one for one in self._unflushed if not _is_done_well(one)]
        self._unflushed.extend(written)


def _is_done_well(future: Written) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None
