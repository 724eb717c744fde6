"""Who the caller is, and tickets for who cannot send a header."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel

from holdfast.api.access import SomeCaller
from holdfast.api.credentials import tickets
from holdfast.api.gateway import gateway_of

router = APIRouter(prefix="/api/v1", tags=["access"])


class Membership(BaseModel):
    """A venture that the caller sees, and the caller's role there."""

    venture_id: UUID
    slug: str
    name: str
    role: str | None


class Me(BaseModel):
    """Who the caller is."""

    user: str
    kind: str
    ventures: list[Membership]


class Ticket(BaseModel):
    """A ticket; it is good for one time."""

    ticket: str
    expires_in: float


@router.get("/me")
async def me(who: SomeCaller) -> Me:
    """Who you are, and what you are in which ventures."""
    rows = await who.engine.read("me")
    ventures: list[Any] = [dict(row) for row in rows]
    return Me(user=who.user, kind=who.kind, ventures=ventures)


@router.post("/tickets", status_code=201)
async def create_ticket(request: Request, who: SomeCaller) -> Ticket:
    """A ticket with which you may open one WebSocket or one event stream, as `?ticket=`."""
    secret = await tickets.issue(
        gateway_of(request).engine, who.identity, "connect", seconds=tickets.CONNECT_SECONDS
    )
    return Ticket(ticket=secret, expires_in=tickets.CONNECT_SECONDS)
