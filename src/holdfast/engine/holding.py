"""Holding a lease for as long as a block runs."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.engine.heart import Heart
from holdfast.errors import LeaseLost
from holdfast.model.leases import Lease


@asynccontextmanager
async def held(lease: Lease, heart: Heart) -> AsyncIterator[None]:
    """Beat a lease while the block runs; when it is lost, the block is cancelled.

    Raises:
        LeaseLost: it was lost before the block ended.
    """
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    lost = False

    def on_lost() -> None:
        nonlocal lost
        lost = True
        task.cancel()

    heart.hold(lease, on_lost, loop)
    try:
        yield
    except asyncio.CancelledError:
        if not lost:
            raise
        task.uncancel()
        raise LeaseLost(f"The lease on {lease.kind} {lease.id} was lost.") from None
    finally:
        heart.drop(lease)


def holder_name() -> str:
    """What people are told of who holds a lease; it is never compared."""
    return f"{socket.gethostname()}/{os.getpid()}"
