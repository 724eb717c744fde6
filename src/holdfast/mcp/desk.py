"""Takes a tool call to the database, under the lease of the session that it is of."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from holdfast.errors import DatabaseError, HoldfastError, LeaseLost
from holdfast.mcp.caller import Caller
from holdfast.mcp.completing import Tick, evidence_of_held
from holdfast.mcp.seat import Seat
from holdfast.mcp.seats import Seats
from holdfast.model.states import QuestionStatus
from holdfast.sessions.tool_calls import is_settled
from holdfast.supervisors.outcomes import LOOK_AGAIN_SECONDS

_Given = TypeVar("_Given")
_LATER = {"status": QuestionStatus.OPEN, "next": "Ask for the answer later with check_answers."}


class Desk:
    """The calls of all tools."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._told_until: dict[str, datetime] = {}

    async def call(self, caller: Caller, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Do what a tool is for, once for the call's id.

        Raises:
            HoldfastError: it was refused, or there is no database to be had now.
        """

        async def work(seat: Seat) -> dict[str, Any]:
            return await self._call(seat, caller, tool, arguments)

        return await self._seated(caller, work)

    async def complete(self, caller: Caller, summary: str, *, tick: Tick) -> dict[str, Any]:
        """Complete what the session holds, once its verification has passed.

        Raises:
            EvidenceMissing: it did not pass; the text has the end of its output.
        """

        async def work(seat: Seat) -> dict[str, Any]:
            arguments: dict[str, Any] = {"summary": summary}
            if not await self._was_made(seat, caller, "complete_work"):
                evidence = await evidence_of_held(seat, tick)
                arguments["evidence"] = evidence.as_json if evidence else None
            return await self._call(seat, caller, "complete_work", arguments)

        return await self._seated(caller, work)

    async def context(self, caller: Caller) -> dict[str, Any]:
        """Where the session is, and what changed since this was asked last."""

        async def work(seat: Seat) -> dict[str, Any]:
            since = self._told_until.get(seat.session.session_id)
            found = await seat.room.tools.context(seat.lease, since=since)
            self._told_until[seat.session.session_id] = datetime.fromisoformat(found["as_of"])
            return found

        return await self._seated(caller, work)

    async def inbox(self, caller: Caller) -> dict[str, Any]:
        """What waits for a person in the caller's venture."""

        async def work(seat: Seat) -> dict[str, Any]:
            return {"questions": await seat.room.tools.inbox()}

        return await self._seated(caller, work)

    async def wait_for_answer(
        self, caller: Caller, ticket: UUID, *, seconds: float, tick: Tick
    ) -> dict[str, Any]:
        """A question's answer as soon as it has one; when time is up, or the database goes away, how to get it later."""

        async def work(seat: Seat) -> dict[str, Any]:
            began = time.monotonic()
            async with seat.room.watch.interest([ticket]) as wake:
                while True:
                    row = await seat.room.tools.deliver(seat.lease, ticket)
                    waited = time.monotonic() - began
                    if is_settled(row["status"]):
                        return dict(row)
                    if waited >= seconds:
                        return _LATER
                    await tick(waited)
                    await wake.wait(min(LOOK_AGAIN_SECONDS, seconds - waited))

        try:
            return await self._seated(caller, work)
        except DatabaseError:  # what was asked is on its disk
            return _LATER

    async def _was_made(self, seat: Seat, caller: Caller, tool: str) -> bool:
        """Whether this call was made before: then nothing is to be prepared for it."""
        if caller.key is None:
            return False
        return await seat.room.tools.find(seat.lease, tool, caller.key) is not None

    async def _call(
        self, seat: Seat, caller: Caller, tool: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        believed = seat.session.claim
        outcome = await seat.room.tools.call(
            seat.lease,
            tool,
            arguments,
            key=caller.key,
            believed_key=believed.sd_key if believed else None,
            lease_seconds=seat.lease_seconds,
        )
        self._seats.keep_claim(seat, outcome.held)
        return outcome.result

    async def _seated(self, caller: Caller, work: Callable[[Seat], Awaitable[_Given]]) -> _Given:
        """Do something in the caller's session; one of our own whose lease ran out is started anew first."""
        seat = await self._seats.of(caller)
        try:
            return await work(seat)
        except LeaseLost as lost:
            if lost.detail.get("noun") == "directive":
                self._seats.keep_claim(seat, None)
                raise
            if not seat.ours:
                raise
            await self._begin_again(seat, lost)
            return await work(seat)

    async def _begin_again(self, seat: Seat, lost: LeaseLost) -> None:
        try:
            await self._seats.again(seat)
        except HoldfastError as error:
            raise LeaseLost(f"{lost.message} {error.message}", hint=error.hint) from error
