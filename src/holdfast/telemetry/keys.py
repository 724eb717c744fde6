"""The key with which one program of one execution sends telemetry: it is good for that, under one lease, and for nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import secrets
from uuid import UUID

from holdfast.engine.calls import Calls
from holdfast.model.leases import Lease

PREFIX = "hft_"
_KEY_BYTES = 32
_PURPOSE = b"holdfast telemetry:"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """The execution whose program speaks, and the lease under which it was started."""

    venture_id: UUID
    execution_id: UUID
    epoch: int


def key_of(lease: Lease, secret: bytes) -> str:
    """The key for the program that runs under a lease."""
    body = f"{lease.venture_id.hex}_{lease.id.hex}_{lease.epoch}"
    return f"{PREFIX}{body}_{_sign(body, secret)}"


def read_key(key: str, secret: bytes) -> Source | None:
    """Who speaks with a key; None if we did not make it.

    >>> read_key("hft_1_2_3_4", b"secret") is None
    True
    """
    body, _, signature = key.removeprefix(PREFIX).rpartition("_")
    if not hmac.compare_digest(_sign(body, secret).encode(), signature.encode()):
        return None
    venture, execution, epoch = body.split("_")
    return Source(venture_id=UUID(venture), execution_id=UUID(execution), epoch=int(epoch))


async def secret_of(engine: Calls) -> bytes:
    """The secret that all processes of one database sign with.

    Raises:
        NotAllowed: this engine may not sign.
    """
    secret: bytes = await engine.call_value("api_signing_key", new=secrets.token_bytes(_KEY_BYTES))
    return secret


def _sign(body: str, secret: bytes) -> str:
    return hmac.new(secret, _PURPOSE + body.encode(), hashlib.sha256).hexdigest()
