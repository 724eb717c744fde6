"""API tokens: who may come in as what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from holdfast.api.access import SomeCaller, VentureId
from holdfast.api.credentials import tokens

router = APIRouter(prefix="/api/v1/tokens", tags=["access"])

Role = Literal["viewer", "agent", "operator", "owner"]


class NewToken(BaseModel):
    """What a token is to be."""

    name: str = Field(min_length=1, max_length=200)
    role: Role = "agent"
    expires_at: datetime | None = None


class Token(BaseModel):
    """A token, without its secret."""

    id: UUID
    name: str
    role: Role
    expires_at: datetime | None


class KeptToken(Token):
    """A token as it is kept."""

    created_by: str | None
    created_at: datetime
    revoked_at: datetime | None
    holds: bool


class CreatedToken(Token):
    """A new token; its text is told this once."""

    token: str


class Tokens(BaseModel):
    """The tokens of a venture."""

    items: list[KeptToken]
    next: str | None = None


@router.get("")
async def list_tokens(
    who: SomeCaller,
    venture_id: VentureId,
    all_: Annotated[
        bool, Query(alias="all", description="Those that hold no longer, too.")
    ] = False,
) -> Tokens:
    """The tokens of a venture, newest first."""
    rows = await who.engine.read("api_tokens", venture_id, all_)
    found: list[Any] = [dict(row) for row in rows]
    return Tokens(items=found)


@router.post("", status_code=201)
async def create_token(who: SomeCaller, venture_id: VentureId, new: NewToken) -> CreatedToken:
    """Make a token; needs the role owner."""
    made = await tokens.create(who.engine, venture_id, **new.model_dump())
    return CreatedToken(**made)


@router.post("/{token_id}/revoke", status_code=204)
async def revoke_token(who: SomeCaller, venture_id: VentureId, token_id: UUID) -> None:
    """Let nobody in with it from now on; needs the role owner."""
    await who.engine.call("revoke_api_token", id=token_id, venture_id=venture_id)
