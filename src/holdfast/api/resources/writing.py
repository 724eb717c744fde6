"""Writes: done once for each Idempotency-Key, only to what the caller has seen, and with the way back where there is one."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Header
from pydantic import BaseModel, Field

from holdfast.api.access import SomeCaller, VentureId
from holdfast.api.resources.etags import IfMatch, expected_seq
from holdfast.engine.calls import Row

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        description="A text of your choice; the same request with the same key is done once within a day.",
    ),
]


class Undo(BaseModel):
    """The request that takes an action back."""

    method: str = "POST"
    path: str
    body: dict[str, Any] = Field(default_factory=dict)


class Done(BaseModel):
    """What was done; `seq` is the newest event of what it was done to."""

    id: str
    seq: int | None
    repeated: bool = Field(description="Whether this is the answer to an earlier request.")
    undo: Undo | None = None


class Reason(BaseModel):
    """Why."""

    reason: str | None = Field(default=None, max_length=2000)


OptionalReason = Annotated[Reason, Body(default_factory=Reason)]


class NeededReason(BaseModel):
    """Why; whoever had the work is told."""

    reason: str = Field(min_length=1, max_length=2000)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Writer:
    """One request's way of doing an action."""

    venture_id: UUID
    caller: SomeCaller
    key: str | None
    seen: int | None

    async def do(
        self, action: str, subject: UUID | str, *, undo: Undo | None = None, **given: Any
    ) -> Done:
        """Do an action of the engine's `do_request` to a row, named by its id or by its name."""
        name = "id" if isinstance(subject, UUID) else "name"
        row = await self._request(action, {**given, name: str(subject)})
        return _done(row, str(subject)).model_copy(update={"undo": undo})

    async def make(self, action: str, *, undo_path: str | None = None, **given: Any) -> Done:
        """Make a row by an action of `do_request`; `{id}` in the path of its undo is the new one's."""
        row = await self._request(action, given)
        value = row["result"]["value"]
        done = _done(row, str(value["id"] if isinstance(value, dict) else value))
        undo = undo_path and Undo(path=undo_path.format(id=done.id))
        return done.model_copy(update={"undo": undo or None})

    async def _request(self, action: str, given: dict[str, Any]) -> Row:
        return await self.caller.engine.call_row(
            "do_request",
            action=action,
            arguments={name: value for name, value in given.items() if value is not None},
            key=self.key,
            expected_seq=self.seen,
            venture_id=self.venture_id,
        )


def _done(row: Row, id_: str) -> Done:
    return Done(id=id_, seq=row["result"]["seq"], repeated=row["repeated"])


async def writer(
    caller: SomeCaller,
    venture_id: VentureId,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Writer:
    """A dependency of every route that writes."""
    return Writer(
        venture_id=venture_id, caller=caller, key=idempotency_key, seen=expected_seq(if_match)
    )


Writing = Annotated[Writer, Depends(writer)]
