"""Hypothesis state machines over one connection, each example a transaction that is rolled back."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from holdfast.config import Settings
from holdfast.engine import connections
from holdfast.errors import Refused
from tests.support.sql import NO_TOKEN, START, Row, Token, call_apart, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

EXAMPLES, STEPS = 100, 30
LEASE_SECONDS = 30
_Result = TypeVar("_Result")


class SqlMachine(RuleBasedStateMachine):
    """What the machines share: the connection, the clock, and calls whose refusals are values."""

    runner: ClassVar[asyncio.Runner]
    connection: ClassVar[Connection]

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._transaction = self.connection.transaction()
        self.do(self._transaction.start())
        self.do(set_clock(self.connection))

    def teardown(self) -> None:
        self.do(self._transaction.rollback())

    def do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        return self.runner.run(work)

    def call(self, function: str, /, **arguments: Any) -> list[Row] | type[Refused]:
        """The rows, or the kind of the refusal."""
        try:
            return self.do(call_apart(self.connection, function, **arguments))
        except Refused as refusal:
            return type(refusal)

    def require(self, function: str, expected: type[Refused] | None, /, **arguments: Any) -> None:
        """Call; the outcome must be the model's."""
        found = self.call(function, **arguments)
        refusal = None if isinstance(found, list) else found
        assert refusal is expected, f"{function}: {refusal}, the model says {expected}"

    def read(self, statement: str) -> list[Row]:
        rows: list[Row] = self.do(self.connection.fetch(statement))
        return rows

    def move_clock(self, seconds: float) -> None:
        self.now += seconds
        self.do(set_clock(self.connection, self.now))


def seconds_of(row: Row, column: str) -> float | None:
    """A time of the database as seconds on the machine's clock."""
    if row[column] is None:
        return None
    return float((row[column] - START) / timedelta(seconds=1))


def pick(tokens: list[Token], age: int) -> Token:
    """A token that was given out, 0 for the newest; or none at all, as the oldest."""
    everything = [NO_TOKEN, *tokens]
    return everything[-1 - age % len(everything)]


def run_machine(machine: type[SqlMachine], url: str) -> None:
    """Run a machine's examples on a database of its own."""
    with asyncio.Runner() as runner:
        machine.runner = runner
        machine.connection = runner.run(connections.connect(url, Settings()))
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(machine.connection.close())
