"""Tickets: good for one time and for seconds, for who can send no header. They are in the database, so any gateway takes them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from holdfast.api.credentials.secrets import digest, new_secret
from holdfast.api.identity import Identity, of_json
from holdfast.engine.calls import Calls
from holdfast.errors import NotAuthenticated

Purpose: TypeAlias = Literal["connect", "sign-in"]
CONNECT_SECONDS = 30.0
SIGN_IN_SECONDS = 900.0


async def issue(engine: Calls, identity: Identity, purpose: Purpose, *, seconds: float) -> str:
    """A ticket with which somebody is that identity once."""
    secret = new_secret()
    await engine.call(
        "create_ticket",
        digest=digest(secret),
        purpose=purpose,
        claims=identity.as_json(),
        seconds=seconds,
    )
    return secret


async def redeem(engine: Calls, secret: str, purpose: Purpose) -> Identity:
    """Who the ticket was made for; nobody can bring it again.

    Raises:
        NotAuthenticated: there is no such ticket, or it was used, or its time is over.
    """
    kept = await engine.call_value("use_ticket", digest=digest(secret), purpose=purpose)
    if kept is None:
        raise NotAuthenticated(
            "The ticket was used already, or its time is over.", hint="Ask for a new one."
        )
    return of_json(kept)
