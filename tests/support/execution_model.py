"""Executions as DESIGN.md tells them, in plain Python and without a database."""

from __future__ import annotations

import dataclasses

from holdfast.errors import IllegalMove, InvalidValue, LeaseLost
from tests.support.drawn import DRAWN
from tests.support.lease_model import Lease, Refusal
from tests.support.sql import NO_TOKEN, Token

_STEP_MOVES = DRAWN["execution_step_status"]
DONE = ("completed", "skipped")


@dataclasses.dataclass
class Execution(Lease):
    """One execution; `kind` says whether a worker may take it."""

    kind: str | None = None
    total: int | None = None
    max_attempts: int = 3
    status: str = "pending"
    attempt: int = 0
    completed: int = 0
    lines: int = 0
    events: int = 1
    run_at: float = 0
    steps: dict[int, str] = dataclasses.field(default_factory=dict)

    @property
    def over(self) -> bool:
        return self.status in ("completed", "failed", "cancelled")

    def may(self, to: str) -> Refusal:
        return None if (self.status, to) in DRAWN["execution_status"] else IllegalMove

    def write(self, token: Token, now: float) -> Refusal:
        """Whether a write to running work is let through."""
        if self.status == "running":
            return None if self.holds(token, now) else LeaseLost
        foreign = token not in (NO_TOKEN, self.token)
        return LeaseLost if foreign else IllegalMove

    def start(self, token: Token | None, now: float, expires: float | None) -> None:
        """Run, under a lease or without one."""
        self.status, self.attempt, self.events = "running", self.attempt + 1, self.events + 1
        if token is not None and expires is not None:
            self.give(token, expires)
        else:
            self.epoch += 1

    def ready(self, now: float) -> bool:
        free = self.kind is not None and not self.over and self.token == NO_TOKEN
        return free and self.run_at <= now and self.attempt < self.max_attempts

    def record(self, position: int, status: str) -> Refusal:
        """A step of a write that was let through."""
        was = self.steps.get(position)
        if was is not None and status not in (was, "running") and (was, status) not in _STEP_MOVES:  # fmt: skip
            return IllegalMove
        if self.total is not None and position > self.total:
            return InvalidValue
        now_is = status if was is None or (was, status) in _STEP_MOVES else was
        more = (now_is in DONE) - (was in DONE)
        if self.total is not None and self.completed + more > self.total:
            return InvalidValue
        self.steps[position] = now_is
        self.completed += more
        self.events += 1
        return None

    def save(self, completed: int | None, total: int | None) -> Refusal:
        """Numbers of its own; they rule only where there are no steps."""
        if completed is not None and self.steps:
            return InvalidValue
        new_completed = self.completed if completed is None else completed
        new_total = self.total if total is None else total
        if new_completed < 0 or (new_total is not None and not 0 <= new_completed <= new_total):
            return InvalidValue
        self.completed, self.total, self.events = new_completed, new_total, self.events + 1
        return None

    def log(self, lines: int) -> None:
        self.lines += lines
        self.events += 1

    def repeats(self, token: Token, status: str) -> bool:
        """Whether a finishing call comes again: the answer to the first may have been lost."""
        return self.status == status and token == self.token and token != NO_TOKEN

    def close(self, status: str) -> None:
        self.status, self.events = status, self.events + 1
        self.expires = None
        if status == "cancelled":
            self.token = NO_TOKEN

    def release(self, token: Token, now: float, *, counts: bool) -> Refusal:
        if token == NO_TOKEN:
            return LeaseLost
        refusal = self.write(token, now)
        if refusal is None and (
            self.kind is None or (counts and self.attempt >= self.max_attempts)
        ):
            return IllegalMove
        if refusal is None:
            self.end()
            self.run_at, self.events = now, self.events + 1
            self.attempt -= not counts
        return refusal

    def reap(self, now: float) -> None:
        if self.over or not self.ran_out(now):
            return
        self.end()
        self.events += 1
        if self.kind is None or self.attempt >= self.max_attempts:
            self.status = "failed"
