"""Why a live connection ends: each reason has a code of its own."""

from __future__ import annotations

from enum import IntEnum

from holdfast.errors import (
    DatabaseUnavailable,
    HoldfastError,
    KeysUnavailable,
    NotAuthenticated,
    TooManyRequests,
)

_MOST_REASON_BYTES = 123


class CloseCode(IntEnum):
    """The codes of RFC 6455's private range, and what a client does about each."""

    NOT_AUTHENTICATED = 4001
    """No token, one that holds no longer, or a ticket that was used: get a new one."""
    NOT_ALLOWED = 4003
    """The origin or the venture is refused: coming back would be refused too."""
    TOO_SLOW = 4008
    """The queue of 1 MB was full: come back and go on from the last cursor."""
    ACCESS_CHANGED = 4009
    """The user's membership or token has changed: come back with a new ticket."""
    SILENT = 4010
    """No pong came within 8 s of a ping: come back."""
    GOING_AWAY = 4011
    """The server restarts or is not ready: come back after a random wait."""


class Closing(Exception):
    """Ends a connection with a code and a reason that people can read."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        self.code = code
        self.reason = reason.encode()[:_MOST_REASON_BYTES].decode(errors="ignore")
        super().__init__(self.reason)


class Gone(Exception):
    """The client has left."""


def closing_for(error: HoldfastError) -> Closing:
    """How a connection that is refused at its beginning is closed."""
    match error:
        case NotAuthenticated():
            return Closing(CloseCode.NOT_AUTHENTICATED, error.message)
        case DatabaseUnavailable() | KeysUnavailable() | TooManyRequests():
            return Closing(CloseCode.GOING_AWAY, error.message)
    return Closing(CloseCode.NOT_ALLOWED, error.message)
