"""API tokens: `hf_<id>_<secret>`, for one venture in one role."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from holdfast.api.credentials.secrets import digest, new_secret
from holdfast.api.identity import Identity
from holdfast.engine.calls import Calls
from holdfast.errors import NotAuthenticated

PREFIX = "hf_"
_HINT = "Make a token with: holdfast token create"


def token_text(token_id: UUID, secret: str) -> str:
    """A token as its bearer gives it.

    >>> token_text(UUID(int=1), "s")
    'hf_AAAAAAAAAAAAAAAAAAAAAQ_s'
    """
    public = base64.urlsafe_b64encode(token_id.bytes).decode().rstrip("=")
    return f"{PREFIX}{public}_{secret}"


async def create(
    engine: Calls,
    venture_id: UUID,
    *,
    name: str,
    role: str,
    expires_at: datetime | None = None,
    expires_in: timedelta | None = None,
) -> dict[str, Any]:
    """Make a token; its text is told here and never again."""
    secret = new_secret()
    row = await engine.call_row(
        "create_api_token",
        name=name,
        role=role,
        digest=digest(secret),
        expires_at=expires_at,
        expires_in=expires_in,
        venture_id=venture_id,
    )
    return {
        "id": row["id"],
        "token": token_text(row["id"], secret),
        "name": name,
        "role": role,
        "expires_at": row["expires_at"],
    }


async def identify(engine: Calls, text: str) -> Identity:
    """Whose token that is.

    Raises:
        NotAuthenticated: nobody's, or it holds no longer.
    """
    token_id, secret = _parts(text)
    rows = await engine.call("check_api_token", id=token_id, digest=digest(secret))
    if not rows:
        raise NotAuthenticated("There is no such token.", hint=_HINT)
    (row,) = rows
    if row["revoked_at"] is not None:
        raise NotAuthenticated(f"The token {row['name']} was revoked.", hint=_HINT)
    if row["expired_at"] is not None:
        raise NotAuthenticated(f"The token {row['name']} has expired.", hint=_HINT)
    user = f"token:{row['name']}"
    ventures = {str(row["venture_id"]): row["role"]}
    claims = {"sub": user, "jti": str(token_id), "ventures": ventures}
    return Identity(user=user, kind="token", claims=claims)


def _parts(text: str) -> tuple[UUID, str]:
    # base64 has "_" among its signs, and the id's part is of one length
    public, secret = text[len(PREFIX) : len(PREFIX) + 22], text[len(PREFIX) + 23 :]
    try:
        return UUID(bytes=base64.urlsafe_b64decode(f"{public}==")), secret
    except (ValueError, binascii.Error) as error:
        raise NotAuthenticated("That is no token of Holdfast's.", hint=_HINT) from error
