"""Applying a migration over a direct connection, with a ledger in the database itself: it may be killed anywhere and run again."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from holdfast.changes.looking import Patience
from holdfast.changes.migrations import Migration, digest, index_of
from holdfast.changes.patience import with_retries
from holdfast.changes.statements import Statement
from holdfast.engine import texts
from holdfast.engine.calls import Row
from holdfast.engine.direct import Target
from holdfast.errors import AlreadyClaimed, MigrationChanged, TargetError, TargetRefused

TURN_SECONDS = 60.0
_POLL_SECONDS = 0.5

OnProgress = Callable[[int, int, str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Applied:
    """What applying did."""

    name: str
    checksum: str
    statements: int
    run: int
    """How many of them ran now; none: it was applied before."""
    seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """What the ledger says of one change."""

    name: str
    checksum: str
    statements: int
    done: int
    how: str
    by: str
    started_at: object
    finished_at: datetime | None

    @property
    def is_whole(self) -> bool:
        """Whether all of it is applied."""
        return self.finished_at is not None


async def ledger(target: Target, name: str | None = None) -> list[Entry]:
    """What was applied to a database; nothing where there is no ledger."""
    [there] = await target.read("ledger_exists")
    rows = await target.read("ledger_entries", name) if there["is_there"] else []
    return [
        Entry(
            name=row["name"],
            checksum=row["checksum"],
            statements=row["statements"],
            done=row["done"],
            how=row["how"],
            by=row["applied_by"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
        )
        for row in rows
    ]


async def apply(
    target: Target,
    migration: Migration,
    *,
    patience: Patience,
    tries: int = 10,
    on_progress: OnProgress = lambda _done, _total, _text: None,
) -> Applied:
    """Apply what of a migration is not applied yet.

    What may share a transaction does, with its entry in the ledger; what PostgreSQL takes only alone is noted before and
    after, and an index whose building was cut off is dropped and built again.

    Raises:
        MigrationChanged: what of it was applied said something else.
        AlreadyClaimed: another process changes this database now.
        TargetRefused: a statement failed; what was committed before it stays, and the next run goes on there.
    """
    begun = time.monotonic()
    total = len(migration.statements)
    async with _turn(target):
        await with_retries(lambda: _make_ledger(target, patience), tries=tries)
        done = await _begin(target, migration)
        application = _Application(target, migration, patience, tries)
        for group in _groups(migration.statements, done):
            on_progress(group[0], total, f"line {migration.statements[group[0]].line}")
            await application.run(group)
    on_progress(total, total, "applied")
    return Applied(
        name=migration.name,
        checksum=migration.checksum,
        statements=total,
        run=total - done,
        seconds=time.monotonic() - begun,
    )


class _Application:
    """One migration under way."""

    def __init__(
        self, target: Target, migration: Migration, patience: Patience, tries: int
    ) -> None:
        self._target, self._migration = target, migration
        self._patience, self._tries = patience, tries

    async def run(self, group: range) -> None:
        """Run statements that share a transaction, or one that stands alone."""
        if self._migration.statements[group[0]].stands_alone:
            await with_retries(lambda: self._alone(group[0]), tries=self._tries)
        else:
            await with_retries(lambda: self._together(group), tries=self._tries)

    async def _together(self, group: range) -> None:
        async with self._target.changing(
            statement_seconds=self._patience.statement_seconds,
            lock_seconds=self._patience.lock_seconds,
        ):
            for number in group:
                await self._execute(number)
            await self._note(group[-1] + 1)

    async def _alone(self, number: int) -> None:
        """Where it was begun before, look first at what came of that."""
        statement = self._migration.statements[number]
        [entry] = await self._target.read("ledger_entries", self._migration.name)
        was_begun = entry["begun"] == number
        if not (was_begun and await self._has_come_true(statement)):
            await self._target.read("ledger_alone", self._migration.name, number)
            # It blocks nobody while it waits, and must wait for every older transaction.
            await self._target.read("session", 0, 0)
            await self._execute(number)
        await self._note(number + 1)

    async def _has_come_true(self, statement: Statement) -> bool:
        """Whether a statement that was cut off had done its work; what it left half-built is dropped."""
        index = index_of(statement)
        if index is None:
            return False
        found = await self._target.read("index_state", index.name, index.table)
        if statement.code.lstrip()[:4].lower() == "drop":
            return not found
        if found and not found[0]["is_valid"]:
            await self._target.execute(found[0]["drop"])
        return bool(found and found[0]["is_valid"])

    async def _execute(self, number: int) -> None:
        statement = self._migration.statements[number]
        try:
            await self._target.execute(statement.text)
        except TargetRefused as error:
            raise TargetRefused(
                f"{self._migration.name} line {statement.line}: {error.message}",
                hint=error.hint or "What was committed before stays; correct it and run it again.",
                detail={**error.detail, "line": statement.line},
            ) from error

    async def _note(self, done: int) -> None:
        checksum = _checksum_of_first(self._migration, done)
        await self._target.read("ledger_done", self._migration.name, done, checksum)


@asynccontextmanager
async def _turn(target: Target) -> AsyncIterator[None]:
    """Be the only one who changes this database."""
    await _take_turn(target)
    try:
        yield
    finally:
        with contextlib.suppress(TargetError):  # a connection that is gone has given it back
            await target.read("end_turn")


async def _take_turn(target: Target) -> None:
    deadline = time.monotonic() + TURN_SECONDS
    while True:
        [turn] = await target.read("try_turn")
        if turn["is_mine"]:
            return
        if time.monotonic() > deadline:
            raise AlreadyClaimed(
                f"Another process (pid {turn['pid']}) changes {target.address}.",
                hint="Wait until it is done, or end it.",
            )
        await asyncio.sleep(_POLL_SECONDS)


async def _make_ledger(target: Target, patience: Patience) -> None:
    async with target.changing(lock_seconds=patience.lock_seconds):
        await target.execute(texts.target_query("ledger"))


async def _begin(target: Target, migration: Migration) -> int:
    """How many of its statements are applied already."""
    entries = await target.read("ledger_entries", migration.name)
    if not entries:
        count = len(migration.statements)
        await target.read("ledger_begin", migration.name, migration.checksum, count)
        return 0
    _refuse_changed(entries[0], migration)
    if entries[0]["finished_at"] is None:
        await target.read(
            "ledger_begin", migration.name, migration.checksum, len(migration.statements)
        )
    return int(entries[0]["done"])


def _refuse_changed(entry: Row, migration: Migration) -> None:
    """What was applied must say the same as then; what comes after it may have been corrected."""
    if entry["finished_at"] is not None:
        is_same = entry["checksum"] == migration.checksum
    else:
        is_same = entry["done"] == 0 or entry["done_checksum"] == _checksum_of_first(
            migration, entry["done"]
        )
    if not is_same:
        raise MigrationChanged(
            f"{migration.name} was applied to this database and its file says something else now.",
            hint="Restore the file, and put the change into another one.",
        )


def _checksum_of_first(migration: Migration, count: int) -> str:
    return digest("\n".join(one.text for one in migration.statements[:count]))


def _groups(statements: list[Statement], done: int) -> list[range]:
    """Which statements run together: all between two that stand alone."""
    groups: list[range] = []
    for number in range(done, len(statements)):
        last = groups[-1] if groups else None
        alone = statements[number].stands_alone
        if last is None or alone or statements[last[0]].stands_alone:
            groups.append(range(number, number + 1))
        else:
            groups[-1] = range(last[0], number + 1)
    return groups
