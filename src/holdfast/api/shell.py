"""What stands before every route: the names we answer to, the size of a body, headers for browsers, and the last net."""

from __future__ import annotations

import logging
import secrets
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.api.problems import problem, problem_of
from holdfast.errors import TooLarge

logger = logging.getLogger("holdfast.api")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Unless a route says otherwise."""


class Net:
    """Puts the headers on every answer, and has what nobody expected end as a problem with an id, not with a trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _set_headers(message)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            error_id = secrets.token_hex(6)
            logger.exception("error %s: %s %s", error_id, scope["method"], scope["path"])
            if begun:
                raise
            await _unexpected(error_id)(scope, receive, send_with_headers)


class Hosts:
    """Answers to the server's own names only, so that no other name can be pointed here (DNS rebinding)."""

    def __init__(self, app: ASGIApp, *, names: frozenset[str] | None) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] == "lifespan" or self._names is None or self._is_ours(scope):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4003})
            return
        refused = problem(
            421,
            detail="This server does not answer to that name.",
            code="HTTP421",
            hint="Use the address that `holdfast up` printed, or add the name to api_hosts.",
        )
        await refused(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        name = host_name(Headers(scope=scope).get("host", ""))
        return self._names is not None and name in self._names


class BodyLimit:
    """Reads no more of a body than the limit."""

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isdigit() or int(told) > self._max_bytes:
            await problem_of(self._too_large())(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise self._too_large()
            return message

        await self._app(scope, counted, send)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"The body has more than {self._max_bytes} bytes.",
            hint="Send less at a time, or raise api_max_body_bytes.",
        )


def host_name(host: str) -> str:
    """The name in a Host header, without its port.

    >>> host_name("localhost:4747"), host_name("[::1]:4747")
    ('localhost', '::1')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _set_headers(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)


def _unexpected(error_id: str) -> ASGIApp:
    return problem(
        500,
        title="Something unexpected happened.",
        detail=f"The server's log has it as error {error_id}.",
        code="unexpected",
        hint="Report it with that id.",
    )
