"""Other applications behind the same door: they are given who acts, or nothing at all."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.api.access import caller, venture
from holdfast.engine.acting import ACTING, Acting


class Guarded:
    """Puts an `Acting` into the scope of each request; who is nobody gets no further."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        connection = HTTPConnection(scope)
        who = await caller(connection)
        venture_id = await venture(connection, who)
        acting = Acting(caller=who.identity.key, venture_id=venture_id, engine=who.engine)
        await self._app({**scope, ACTING: acting}, receive, send)
