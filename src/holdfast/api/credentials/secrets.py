"""Secrets that only their bearer has: 256 random bits, of which the database keeps the SHA-256."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32


def new_secret() -> str:
    """A new secret, as text that can stand in an address."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> bytes:
    """What is kept of a secret. It is random and long: no slow hash is needed.

    >>> len(digest("a"))
    32
    """
    return hashlib.sha256(secret.encode()).digest()
