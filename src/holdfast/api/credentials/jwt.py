"""JWTs that somebody else signed, such as Supabase: with a shared secret, or with a key of its key set."""

from __future__ import annotations

import asyncio
from typing import Any

import jwt

from holdfast.api.identity import Identity
from holdfast.config import Settings
from holdfast.engine.acting import AUTHENTICATED, SERVICE
from holdfast.errors import KeysUnavailable, NotAuthenticated

# Each source of keys has its own: a public key is never taken for a secret, and `none` is no algorithm.
_WITH_SECRET = ["HS256"]
_WITH_KEY_SET = ["RS256", "ES256", "EdDSA"]
_FETCH_SECONDS = 5
_LEEWAY_SECONDS = 5


class Verifier:
    """Says whose a JWT is."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.api_jwt_secret
        self._audience = settings.api_jwt_audience
        self._keys = (
            jwt.PyJWKClient(settings.api_jwks_url, timeout=_FETCH_SECONDS)
            if settings.api_jwks_url
            else None
        )

    async def identify(self, token: str) -> Identity:
        """Whose it is.

        Raises:
            NotAuthenticated: its signature, its audience or its time does not hold.
        """
        try:
            claims = await self._verified(token)
            user = _user_of(claims)
        except jwt.PyJWTError as error:
            raise NotAuthenticated(
                f"The token is not valid: {error}.", hint="Get a new one where you got it."
            ) from error
        return Identity(user=user, kind="jwt", claims=claims)

    async def _verified(self, token: str) -> dict[str, Any]:
        algorithm = jwt.get_unverified_header(token).get("alg")
        if algorithm in _WITH_SECRET and self._secret is not None:
            return self._decoded(token, self._secret, _WITH_SECRET)
        if algorithm in _WITH_KEY_SET and self._keys is not None:
            key = await self._key_of(token, self._keys)
            return self._decoded(token, key, _WITH_KEY_SET)
        raise jwt.InvalidAlgorithmError(f"this server takes no tokens signed with {algorithm}")

    async def _key_of(self, token: str, keys: jwt.PyJWKClient) -> jwt.PyJWK:
        try:
            return await asyncio.to_thread(keys.get_signing_key_from_jwt, token)
        except jwt.PyJWKClientConnectionError as error:
            raise KeysUnavailable(
                "The keys that tokens are signed with cannot be had now.", hint="Try again."
            ) from error
        except jwt.PyJWKClientError as error:
            raise jwt.InvalidKeyError("it is signed with a key that is not known here") from error

    def _decoded(self, token: str, key: str | jwt.PyJWK, algorithms: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=self._audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": ["exp"]},
        )
        return found


def _user_of(claims: dict[str, Any]) -> str:
    """Whom it is about; the key of a whole project names nobody."""
    role = claims.get("role", AUTHENTICATED)
    if role not in (AUTHENTICATED, SERVICE):
        raise jwt.InvalidTokenError(f"the role {role} may do nothing here")
    if role == AUTHENTICATED and not claims.get("sub"):
        raise jwt.MissingRequiredClaimError("sub")
    return str(claims.get("sub") or role)
