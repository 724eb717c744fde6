"""The program whose worker restores a thousand supervisors; see recovery.py."""

from __future__ import annotations

import asyncio

import holdfast
from holdfast import Supervisor

hf = holdfast.connect()


@hf.supervisor("patient")
async def patient(_: Supervisor) -> None:
    """Do what most supervisors do most of the time: wait."""
    await asyncio.Event().wait()
