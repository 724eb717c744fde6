"""Who calls: every route takes a `Caller`, and asks the database through the caller's own engine only."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.requests import HTTPConnection

from holdfast.api.credentials import cookies, tickets, tokens
from holdfast.api.gateway import Gateway, gateway_of
from holdfast.api.identity import Identity, Kind
from holdfast.api.origins import refuse_foreign_origin
from holdfast.engine.acting import SERVICE, UserEngine
from holdfast.errors import NotAllowed, NotAuthenticated

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls, and the engine as that user sees it."""

    user: str
    kind: Kind
    claims: dict[str, Any]
    engine: UserEngine
    identity: Identity

    @property
    def is_service(self) -> bool:
        """Whether the token is of the role that may do everything."""
        return self.claims.get("role") == SERVICE


async def caller(connection: HTTPConnection) -> Caller:
    """Who calls; a dependency of every route, over HTTP and WebSocket.

    Raises:
        NotAuthenticated: nobody whom we know.
        NotAllowed: a page of another origin has sent the browser's cookie.
        TooManyRequests: the caller has changed too much in too short a time.
    """
    gateway = gateway_of(connection)
    identity = await _identify(gateway, connection)
    method = connection.scope.get("method", "GET")
    if method not in SAFE_METHODS:
        # A token is of one venture, however the request names it.
        named = "" if identity.kind == "token" else named_venture(connection) or ""
        gateway.limits.take(identity.key, named)
    return await caller_as(gateway, identity)


async def caller_as(gateway: Gateway, identity: Identity) -> Caller:
    """The caller that an identity is now."""
    claims = identity.claims
    if identity.everywhere is not None:
        rows = await gateway.engine.read("venture_ids")
        everywhere = {str(row["venture_id"]): identity.everywhere for row in rows}
        claims = claims | {"ventures": everywhere}
    return Caller(
        user=identity.user,
        kind=identity.kind,
        claims=claims,
        engine=gateway.engine.as_user(claims),
        identity=identity,
    )


async def _identify(gateway: Gateway, connection: HTTPConnection) -> Identity:
    headers = connection.headers
    scheme, _, given = headers.get("authorization", "").partition(" ")
    bearer = given.strip() if scheme.lower() == "bearer" else headers.get("apikey")
    if bearer:
        if bearer.startswith(tokens.PREFIX):
            return await tokens.identify(gateway.engine, bearer)
        return await gateway.verifier.identify(bearer)
    ticket = connection.query_params.get("ticket")
    if ticket:
        return await tickets.redeem(gateway.engine, ticket, "connect")
    cookie = connection.cookies.get(cookies.NAME)
    if cookie:
        refuse_foreign_origin(connection, gateway.settings)
        return gateway.cookies.identify(cookie)
    raise NotAuthenticated(
        "This needs a token.",
        hint="Send Authorization: Bearer with a token of: holdfast token create",
    )


def named_venture(connection: HTTPConnection) -> str | None:
    """The venture that a request names: the parameter `venture`, else the header `Holdfast-Venture`."""
    named = connection.query_params.get("venture") or connection.headers.get("holdfast-venture")
    return named or None


SomeCaller = Annotated[Caller, Depends(caller)]


async def venture(connection: HTTPConnection, who: SomeCaller) -> UUID:
    """The venture that a request means; a dependency.

    Raises:
        NotAllowed: there is none of that name, or the caller has no role in it.
    """
    named = named_venture(connection)
    default = gateway_of(connection).settings.venture
    rows = await who.engine.read("venture_of_request", named, default)
    if not rows:
        raise NotAllowed(
            f"The venture {named or default} does not exist or does not have you as viewer.",
            hint="Ask an owner of the venture for that role.",
        )
    found: UUID = rows[0]["venture_id"]
    return found


VentureId = Annotated[UUID, Depends(venture)]


def require(role: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency that lets in who has a role, or a higher one, in the venture of the request."""

    async def required(who: SomeCaller, venture_id: VentureId) -> Caller:
        if not who.is_service:
            ventures = await who.engine.call_value("ventures_with", role=role)
            if venture_id not in ventures:
                raise NotAllowed(
                    f"This needs the role {role} in the venture {venture_id}.",
                    hint="Ask an owner of the venture for that role.",
                )
        return who

    return required
