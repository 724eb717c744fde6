"""Where a browser's request comes from. Cookies travel by themselves, so what comes with one must come from our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from holdfast.config import Settings
from holdfast.errors import NotAllowed

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_foreign_origin(connection: HTTPConnection, settings: Settings) -> None:
    """Refuse a change, or a WebSocket, that a page of another origin asks for with our cookie.

    Raises:
        NotAllowed: it comes from elsewhere, or does not say where from.
    """
    origin = connection.headers.get("origin")
    is_socket = connection.scope["type"] == "websocket"
    if not is_socket and connection.scope["method"] in _SAFE_METHODS and origin is None:
        return
    if not is_own_origin(origin, connection.headers.get("host", ""), settings):
        raise NotAllowed(
            f"The origin {origin or 'of the request'} may not act with this browser's cookie.",
            hint="Use the server's own pages, or a token; api_origins allows other pages.",
        )


def is_own_origin(origin: str | None, host: str, settings: Settings) -> bool:
    """Whether a page of that origin is the server's own, or one that the settings allow."""
    if not origin or not host:
        return False
    return urlsplit(origin).netloc == host or origin in settings.api_origins
