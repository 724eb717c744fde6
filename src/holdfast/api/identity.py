"""Who somebody has proved to be, before anything is asked of the database for them."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["token", "jwt", "cookie"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """What a token, a JWT or a cookie proves."""

    user: str
    kind: Kind
    claims: dict[str, Any]
    everywhere: str | None = None
    """The role that it gives in every venture there is: whoever started the server signs in with that."""

    @property
    def key(self) -> str:
        """What tells this one from others: two tokens may have one name, and a user's JWTs change."""
        return f"{self.kind}/{self.claims['jti'] if self.kind == 'token' else self.user}"

    def as_json(self) -> dict[str, Any]:
        """The identity as a ticket keeps it."""
        return dataclasses.asdict(self)


def of_json(value: dict[str, Any]) -> Identity:
    """The identity that a ticket kept."""
    return Identity(**value)


def signed_in(user: str) -> Identity:
    """Who has opened a sign-in link, which only the server's owner can make."""
    return Identity(user=user, kind="cookie", claims={"sub": user}, everywhere="owner")
