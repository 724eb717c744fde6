"""Group commit in the client: what many callers write while a batch is under way travels as the next batch.

Each caller still waits for its own commit, and each row is fenced on its own: one that is refused does not fail its
neighbours. While the database is away they wait. A batch whose answer was lost with the connection is sent again, so what is
appended may be there twice then; it is not lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

from holdfast.engine.backoff import patiently
from holdfast.engine.calls import Engine, Row
from holdfast.errors import BY_SQLSTATE, HoldfastError, InvalidValue, Refused

MOST_ROWS = 1000
# While one batch is in the database, the next is made ready here.
FLIGHTS = 2
# Fewer rows than this are not worth a second call.
FEW_ROWS = 32
# By then the leases under which rows are written are over.
PATIENCE_SECONDS = 120.0

Written: TypeAlias = "asyncio.Future[Row | None]"
"""What becomes of a row: what the function says of it, if anything, once that is committed; or the refusal."""

_Waiting: TypeAlias = tuple[tuple[Any, ...], Written]


class Coalescer:
    """Collects rows for one array function, whose first column says which row of the database is meant.

    With `one_per_key`, as saves need, a batch holds one row for each key and further ones wait for the next; without,
    as logs need, rows of one key travel together. Rows of one key are never in two batches at once, so they arrive in
    order.
    """

    def __init__(
        self,
        engine: Engine,
        function: str,
        columns: Sequence[str],
        *,
        venture_id: UUID,
        one_per_key: bool = False,
    ) -> None:
        self._engine = engine
        self._function = function
        self._columns = tuple(columns)
        self._venture_id = venture_id
        self._one_per_key = one_per_key
        self._waiting: deque[_Waiting] = deque()
        self._flying: set[Any] = set()
        self._flying_rows = 0
        self._flights = 0
        self._senders: set[asyncio.Task[None]] = set()

    def put(self, *row: Any) -> Written:
        """Queue a row."""
        done: Written = asyncio.get_running_loop().create_future()
        done.add_done_callback(_retrieve)
        self._waiting.append((row, done))
        # A row whose key is under way is taken by the sender that has the key, when that is back.
        if self._flights < FLIGHTS and row[0] not in self._flying:
            self._flights += 1
            sender = asyncio.create_task(self._send_all(), name=f"holdfast {self._function}")
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return done

    async def _send_all(self) -> None:
        try:
            while batch := self._take_batch():
                keys = {row[0] for row, _ in batch}
                self._flying |= keys
                self._flying_rows += len(batch)
                try:
                    await self._send(batch)
                finally:
                    self._flying -= keys
                    self._flying_rows -= len(batch)
        finally:
            # Here, and not when the task is done: a row that is put in between would wait for a sender that has gone.
            self._flights -= 1

    def _take_batch(self) -> list[_Waiting]:
        rows = len(self._waiting) + self._flying_rows
        most = min(MOST_ROWS, max(FEW_ROWS, -(-rows // FLIGHTS)))
        batch: list[_Waiting] = []
        later: list[_Waiting] = []
        keys: set[Any] = set()
        while self._waiting and len(batch) < most:
            one = self._waiting.popleft()
            key = one[0][0]
            if key in self._flying or (self._one_per_key and key in keys):
                later.append(one)
            else:
                keys.add(key)
                batch.append(one)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _send(self, batch: list[_Waiting]) -> None:
        try:
            answers = await self._call([row for row, _ in batch])
        except Refused as error:
            if len(batch) == 1:
                _fail(batch[0], error)
                return
            for one in batch:  # one bad row has failed the whole call: find out which
                await self._send([one])
            return
        except BaseException as error:
            for one in batch:
                _fail(
                    one, error if isinstance(error, HoldfastError) else HoldfastError(repr(error))
                )
            if not isinstance(
                error, Exception
            ):  # stopped; otherwise the rows that wait are not to blame
                raise
            return
        for one in batch:
            _settle(one, answers.get(one[0][0]))

    async def _call(self, rows: list[tuple[Any, ...]]) -> dict[Any, Row]:
        arrays = {column: [row[i] for row in rows] for i, column in enumerate(self._columns)}
        answer = await patiently(
            lambda: self._engine.call(self._function, **arrays, venture_id=self._venture_id),
            at_most_seconds=PATIENCE_SECONDS,
        )
        return {row[0]: row for row in answer}


def _settle(one: _Waiting, answer: Row | None) -> None:
    if answer is not None and answer["code"] is not None:
        _fail(one, BY_SQLSTATE.get(answer["code"], InvalidValue)(answer["reason"]))
    elif not one[1].done():
        one[1].set_result(answer)


def _fail(one: _Waiting, error: BaseException) -> None:
    if not one[1].done():
        one[1].set_exception(error)


def _retrieve(done: Written) -> None:
    """Who does not await a row hears of its failure at the next flush, not from the garbage collector."""
    if not done.cancelled():
        done.exception()
