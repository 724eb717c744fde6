"""Executions against an independent model: created, started, claimed, worked on, ended, taken away, in any order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from holdfast.errors import BY_SQLSTATE, InvalidValue, Refused
from tests.support.execution_model import Execution
from tests.support.machines import LEASE_SECONDS, SqlMachine, pick, run_machine, seconds_of
from tests.support.sql import Row, Token, call, call_value, connected

MANY = 2
whose = st.integers(0, MANY - 1)
ages = st.integers(0, 3)
numbers = st.one_of(st.none(), st.integers(-1, 4))
_CHECK_VIOLATION = "23514"
_READ = """
select e.*, (select count(*) from holdfast.events v where v.stream_id = e.id) as events,
    (select max(v.seq) from holdfast.events v where v.stream_id = e.id) as newest,
    (select array_agg(l.line order by l.line) from holdfast.agent_execution_logs l where l.execution_id = e.id) as lines,
    (select jsonb_object_agg(s.position, s.status) from holdfast.execution_steps s where s.execution_id = e.id) as steps
from holdfast.agent_executions e
"""


class ExecutionMachine(SqlMachine):
    """Any call, with any token that was ever given out, at any time."""

    @initialize(
        made=st.lists(
            st.tuples(st.sampled_from(["k", None]), st.sampled_from([None, 3]), st.integers(1, 3)),
            min_size=MANY,
            max_size=MANY,
        )
    )
    def create(self, made: list[tuple[str | None, int | None, int]]) -> None:
        self.all: dict[UUID, Execution] = {}
        self.tokens: dict[UUID, list[Token]] = {}
        for kind, total, most in made:
            rows = self.call("create_execution", name="e", kind=kind, total_steps=total, max_attempts=most)  # fmt: skip
            assert isinstance(rows, list)
            id_: UUID = rows[0][0]
            self.all[id_] = Execution(kind=kind, total=total, max_attempts=most)
            self.tokens[id_] = []

    def _pick(self, index: int, age: int) -> tuple[UUID, Execution, Token]:
        id_ = list(self.all)[index]
        return id_, self.all[id_], pick(self.tokens[id_], age)

    def _given(self, row: Row) -> Token:
        token = Token(row["epoch"], row["token"])
        self.tokens[row["id"]].append(token)
        return token

    def _batch(self, function: str, id_: UUID, token: Token, **more: Any) -> type[Refused] | None:
        """An array form with one row; its refusal as the kind of exception."""
        rows = self.call(function, execution_ids=[id_], epochs=[token.epoch], tokens=[token.token], **more)  # fmt: skip
        assert isinstance(rows, list), rows
        if not rows:
            return None
        assert [row["execution_id"] for row in rows] == [id_]
        code = rows[0]["code"]
        return InvalidValue if code == _CHECK_VIOLATION else BY_SQLSTATE[code]

    @rule(seconds=st.sampled_from([1, LEASE_SECONDS - 1, LEASE_SECONDS, LEASE_SECONDS + 1]))
    def time_passes(self, seconds: float) -> None:
        self.move_clock(seconds)

    @rule()
    def reap(self) -> None:
        self.require("reap", None)
        for execution in self.all.values():
            execution.reap(self.now)

    @rule()
    def all_workers_die(self) -> None:
        self.time_passes(LEASE_SECONDS)
        self.reap()

    @rule(index=whose, leased=st.booleans())
    def start(self, index: int, leased: bool) -> None:
        id_, execution, _ = self._pick(index, 0)
        seconds = LEASE_SECONDS if leased else None
        found = self.call("start_execution", execution_id=id_, lease_seconds=seconds)
        expected = execution.may("running")
        assert expected is (None if isinstance(found, list) else found)
        if isinstance(found, list):
            token = self._given(found[0]) if leased else None
            execution.start(token, self.now, self.now + LEASE_SECONDS if leased else None)

    @rule(limit=st.integers(1, MANY))
    def claim(self, limit: int) -> None:
        found = self.call("claim_executions", holder="w", kinds=["k"], limit=limit, lease_seconds=LEASE_SECONDS)  # fmt: skip
        assert isinstance(found, list), found
        ready = [id_ for id_, execution in self.all.items() if execution.ready(self.now)]
        ready.sort(key=lambda id_: (self.all[id_].run_at, id_))
        assert [row["id"] for row in found] == ready[:limit]
        for row in found:
            self.all[row["id"]].start(self._given(row), self.now, self.now + LEASE_SECONDS)
            assert row["attempt"] == self.all[row["id"]].attempt

    @rule(index=whose, age=ages, position=st.integers(1, 4), status=st.sampled_from(["running", "completed", "failed", "skipped"]))  # fmt: skip
    def record_step(self, index: int, age: int, position: int, status: str) -> None:
        id_, execution, token = self._pick(index, age)
        expected = execution.write(token, self.now) or execution.record(position, status)
        found = self._batch("record_steps", id_, token, positions=[position], names=["n"], statuses=[status])  # fmt: skip
        assert found is expected

    @rule(index=whose, age=ages, completed=numbers, total=numbers)
    def save(self, index: int, age: int, completed: int | None, total: int | None) -> None:
        id_, execution, token = self._pick(index, age)
        expected = execution.write(token, self.now) or execution.save(completed, total)
        assert self._batch("save_executions", id_, token, completed=[completed], totals=[total]) is expected  # fmt: skip

    @rule(index=whose, age=ages)
    def log(self, index: int, age: int) -> None:
        id_, execution, token = self._pick(index, age)
        expected = execution.write(token, self.now)
        assert self._batch("append_logs", id_, token, levels=["info"], messages=["hello"]) is expected  # fmt: skip
        if expected is None:
            execution.log(1)

    @rule(index=whose, age=ages, seconds=st.sampled_from([10, 90]))
    def beat(self, index: int, age: int, seconds: float) -> None:
        id_, execution, token = self._pick(index, age)
        lost = self.call("renew_leases", kinds=["execution"], ids=[id_], epochs=[token.epoch], tokens=[token.token], lease_seconds=seconds)  # fmt: skip
        assert isinstance(lost, list)
        ended_itself = execution.over and token == execution.token and token.token is not None
        alive = not execution.over and execution.beat(token, self.now, seconds)
        assert (lost == []) == (alive or ended_itself)

    @rule(index=whose, age=ages, status=st.sampled_from(["completed", "failed"]))
    def finish(self, index: int, age: int, status: str) -> None:
        id_, execution, token = self._pick(index, age)
        again = execution.repeats(token, status)
        expected = None if again else execution.write(token, self.now)
        self.require("finish_execution", expected, execution_id=id_, status=status, **token._asdict())  # fmt: skip
        if expected is None and not again:
            execution.close(status)

    @rule(index=whose)
    def cancel(self, index: int) -> None:
        id_, execution, _ = self._pick(index, 0)
        expected = execution.may("cancelled")
        self.require("cancel_execution", expected, execution_id=id_)
        if expected is None:
            execution.close("cancelled")

    @rule(index=whose, age=ages, counts=st.booleans())
    def release(self, index: int, age: int, counts: bool) -> None:
        id_, execution, token = self._pick(index, age)
        expected = execution.release(token, self.now, counts=counts)
        self.require("release_execution", expected, execution_id=id_, **token._asdict(), reason="r", counts=counts)  # fmt: skip

    @invariant()
    def database_and_model_agree(self) -> None:
        for row in self.read(_READ):
            self._require_same(row, self.all[row["id"]])

    def _require_same(self, row: Row, execution: Execution) -> None:
        held = (row["lease_epoch"], row["lease_token"], seconds_of(row, "lease_expires_at"))
        assert held == (execution.epoch, execution.token.token, execution.expires)
        assert row["status"] == execution.status
        assert (row["started_at"] is None) == (row["attempt"] == 0 and execution.epoch == 0)
        assert (row["ended_at"] is not None) == execution.over
        assert row["attempt"] == execution.attempt
        assert (row["completed_steps"], row["total_steps"]) == (
            execution.completed,
            execution.total,
        )
        assert (row["steps"] or {}) == {str(p): s for p, s in execution.steps.items()}
        assert (row["lines"] or []) == list(range(1, execution.lines + 1))
        assert row["log_count"] == execution.lines
        assert row["seq"] == row["newest"] == row["events"] == execution.events
        if execution.status == "completed":
            assert row["progress"] == Decimal(100)


def test_executions_behave_as_their_model_does(holdfast_url: str) -> None:
    run_machine(ExecutionMachine, holdfast_url)


async def test_work_started_by_hand_does_not_block_the_queue_behind_it(holdfast_url: str) -> None:
    """Its only attempt is used: a claim that took it would fail, and with it every claim of its kind."""
    async with connected(holdfast_url) as connection:
        made = {"kind": "k", "max_attempts": 1}
        by_hand = await call_value(connection, "create_execution", name="by hand", **made)
        await call(connection, "start_execution", execution_id=by_hand)
        waiting = await call_value(connection, "create_execution", name="waiting", **made)
        rows = await call(connection, "claim_executions", holder="w", kinds=["k"], limit=MANY)
        assert [row["id"] for row in rows] == [waiting]
