"""Leases as DESIGN.md tells them, in plain Python and without a database: who holds what, until when."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from holdfast.errors import AlreadyClaimed, IllegalMove, LeaseLost, NotFound, Refused
from tests.support.sql import NO_TOKEN, Token

Refusal: TypeAlias = type[Refused] | None
MAX_DEATHS = 2


@dataclasses.dataclass
class Lease:
    """One row's lease. `token` stays when it runs out, so that the row still knows whose it was."""

    epoch: int = 0
    token: Token = NO_TOKEN
    expires: float | None = None

    def holds(self, token: Token, now: float) -> bool:
        if token == NO_TOKEN:
            return self.token == NO_TOKEN
        return token == self.token and self.expires is not None and self.expires > now

    def lives(self, now: float) -> bool:
        return self.expires is not None and self.expires > now

    def ran_out(self, now: float) -> bool:
        return self.expires is not None and self.expires <= now

    def give(self, token: Token, expires: float) -> None:
        assert token.epoch == self.epoch + 1, "an epoch only grows, by one"
        assert token != self.token
        self.epoch, self.token, self.expires = token.epoch, token, expires

    def end(self) -> None:
        self.token, self.expires = NO_TOKEN, None

    def beat(self, token: Token, now: float, seconds: float) -> bool:
        """Whether the beat was in time."""
        if token == NO_TOKEN or not self.holds(token, now):
            return False
        assert self.expires is not None
        self.expires = max(self.expires, now + seconds)
        return True


@dataclasses.dataclass
class Supervisor(Lease):
    """A supervisor: its deaths are counted until it gets on."""

    deaths: int = 0
    failed: bool = False

    def claimable(self, now: float) -> Refusal:
        if self.failed:
            return IllegalMove
        return AlreadyClaimed if self.lives(now) else None

    def write(self, token: Token, now: float) -> Refusal:
        if self.failed and token in (NO_TOKEN, self.token):
            return IllegalMove
        return None if not self.failed and self.holds(token, now) else LeaseLost

    def release(self, token: Token, now: float) -> Refusal:
        refusal = self.write(token, now)
        return LeaseLost if refusal is None and token == NO_TOKEN else refusal

    def finish(self, token: Token, now: float) -> Refusal:
        if self.failed and token == self.token and token != NO_TOKEN:
            return None  # the answer to the first call may have been lost
        return self.write(token, now)

    def close(self) -> None:
        self.failed, self.expires = True, None

    def reap(self, now: float) -> None:
        if self.failed or not self.ran_out(now):
            return
        self.deaths += 1
        self.end()
        self.failed = self.deaths >= MAX_DEATHS


@dataclasses.dataclass
class Session(Lease):
    """A session; `None` is the state of one that nobody started."""

    state: str | None = None

    def startable(self, now: float) -> Refusal:
        if self.state == "ended":
            return IllegalMove
        return AlreadyClaimed if self.lives(now) else None

    def write(self, token: Token, now: float) -> Refusal:
        if self.state is None:
            return NotFound
        if self.state == "ended":
            return IllegalMove
        return None if self.holds(token, now) else LeaseLost

    def close(self, state: str) -> None:
        self.state, self.expires = state, None

    def reap(self, now: float) -> None:
        if self.state == "running" and self.ran_out(now):
            self.state = "lost"


@dataclasses.dataclass
class Claim(Lease):
    """The claim on a directive."""

    holder: str | None = None

    def claimable(self, by: str, now: float, *, take_over: bool) -> Refusal:
        if self.holder not in (None, by) and self.lives(now) and not take_over:
            return AlreadyClaimed
        return None

    def release(self, token: Token, now: float) -> Refusal:
        if token == NO_TOKEN or not self.holds(token, now):
            return LeaseLost
        return None

    def end(self) -> None:
        super().end()
        self.holder = None
