"""The cookie of a browser that has signed in: a JWT of our own, signed with the key that all gateways share."""

from __future__ import annotations

import time

import jwt

from holdfast.api.identity import Identity, signed_in
from holdfast.engine.calls import Calls
from holdfast.errors import NotAuthenticated

NAME = "holdfast_session"
LIFETIME_SECONDS = 12 * 3600
_ISSUER = "holdfast"
_AUDIENCE = "holdfast-session"
_ALGORITHM = "HS256"


class Cookies:
    """Makes and reads them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, identity: Identity) -> str:
        """The cookie's value for who has signed in."""
        now = int(time.time())
        claims = {
            "iss": _ISSUER,
            "aud": _AUDIENCE,
            "sub": identity.user,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def identify(self, value: str) -> Identity:
        """Who has signed in.

        Raises:
            NotAuthenticated: the cookie is not ours, or its time is over.
        """
        try:
            claims = jwt.decode(
                value,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=_ISSUER,
                options={"require": ["exp", "sub"]},
            )
        except jwt.InvalidTokenError as error:
            raise NotAuthenticated(
                "You are no longer signed in.", hint="Get a new link with: holdfast sign-in"
            ) from error
        return signed_in(claims["sub"])


async def open_cookies(engine: Calls, new_key: bytes) -> Cookies:
    """Cookies with the database's key; `new_key` becomes that where there is none yet."""
    return Cookies(await engine.call_value("api_signing_key", new=new_key))
