"""Keeps a plan's progress document as the database is, for as long as its runner runs it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.engine.background import Background
from holdfast.engine.calls import Engine
from holdfast.errors import HoldfastError
from holdfast.live.watch import Watch
from holdfast.plans.account import read_account
from holdfast.plans.document import document
from holdfast.sync.files import write_atomically

LEAST_SECONDS = 0.5
"""Between two writings; what changes meanwhile is in the next one."""
_SHARE = 20
"""A long document may take one part in so many of the time."""
_LOOK_AGAIN_SECONDS = 60.0
_LAST_SECONDS = 5.0
logger = logging.getLogger("holdfast")


class ProgressDocument(Background):
    """Writes the document anew after every change."""

    name = "progress document"

    def __init__(self, file: Path, plan: Any, *, engine: Engine, watch: Watch) -> None:
        super().__init__()
        self._file = file
        self._ids: tuple[UUID, UUID] = (plan["venture_id"], plan["id"])
        self._supervisor_id: UUID = plan["supervisor_id"]
        self._engine = engine
        self._watch = watch

    async def write(self) -> None:
        """Write it once. Where it cannot be written the plan goes on all the same."""
        try:
            text = document(await read_account(self._engine, *self._ids))
            await asyncio.to_thread(_write, self._file, text)
        except (HoldfastError, OSError) as error:
            logger.warning("%s is not written: %s", self._file, error)

    async def _go_on(self) -> None:
        async with self._watch.interest([self._ids[1], self._supervisor_id]) as wake:
            while True:
                began = time.monotonic()
                await self.write()
                took = time.monotonic() - began
                await asyncio.sleep(max(LEAST_SECONDS, took * _SHARE))
                await wake.wait(_LOOK_AGAIN_SECONDS)


def _write(file: Path, text: str) -> None:
    """Where nothing changed the file is left alone, so that nobody who watches it is woken."""
    content = text.encode()
    if not file.exists() or file.read_bytes() != content:
        write_atomically(file, content)


def document_file(plan: Any) -> Path | None:
    """Where a plan's document is, if it has one and its folder is on this machine."""
    spec = plan["spec"]
    if not spec.get("progress_document") or not spec.get("cwd"):
        return None
    folder = Path(spec["cwd"])
    return folder / spec["progress_document"] if folder.is_dir() else None


@asynccontextmanager
async def kept_document(plan: Any, *, engine: Engine, watch: Watch) -> AsyncIterator[None]:
    """Keep a plan's document while the block runs; after it, it tells how the plan ended."""
    file = document_file(plan)
    if file is None:
        yield
        return
    keeper = ProgressDocument(file, plan, engine=engine, watch=watch)
    keeper.start()
    try:
        yield
    finally:
        # Also for who is stopped: it may be because the plan has ended.
        await keeper.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SECONDS):
                await keeper.write()
