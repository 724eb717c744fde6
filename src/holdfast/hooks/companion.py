"""The companion of one session: it keeps the session's lease while the agent program's process lives, and answers its hooks.

Started by the first hook of a session, as `python -m holdfast.hooks.companion TASK`; it goes when that process is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from holdfast import client, config
from holdfast.config import Settings
from holdfast.errors import HoldfastError
from holdfast.hooks.desk import Desk
from holdfast.hooks.events import LONG, HookEvent, Moment, read_event
from holdfast.hooks.handlers import answer
from holdfast.hooks.keeper import Keeper
from holdfast.hooks.ledger import Ledger
from holdfast.hooks.process import is_alive
from holdfast.hooks.replies import write
from holdfast.hooks.task import Task

logger = logging.getLogger("holdfast.hooks")

BEATS_PER_LEASE = 4
BEAT_SECONDS = 10.0
LOOK_SECONDS = 1.0
WORKING_SECONDS = 0.5
_MOST_BYTES = 16 * 1024 * 1024  # a tool's input may hold a whole file


class Companion:
    """One session's companion."""

    def __init__(self, task: Task, settings: Settings, problem: str | None) -> None:
        self._task = task
        self._settings = settings
        self._keeper = Keeper(task, settings)
        self._desk = Desk(task=task, settings=settings, problem=problem, keeper=self._keeper)
        self._ledger = Ledger()
        self._over = asyncio.Event()
        self._ended: str | None = None

    async def run(self) -> None:
        """Serve until the agent program's process is gone or says that its session is over."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._over.set)
        server = await asyncio.start_unix_server(
            self._serve, path=self._task.point, limit=_MOST_BYTES
        )
        duties = [
            asyncio.create_task(duty, name=f"holdfast hooks {name}")
            for name, duty in (("look", self._look()), ("connect", self._connect()), ("beat", self._beat()))
        ]  # fmt: skip
        try:
            await self._over.wait()
        finally:
            server.close()
            with contextlib.suppress(HoldfastError, OSError):
                await self._let_go()
            for duty in duties:
                duty.cancel()
            await asyncio.gather(*duties, return_exceptions=True)

    async def _look(self) -> None:
        """Notice that the agent program's process is gone, however it went."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not is_alive(self._task.pid, self._task.start):
                self._over.set()

    async def _connect(self) -> None:
        """Connect once the database can be reached, and stay connected."""
        while True:
            try:
                async with client.connect() as hf:
                    self._keeper.connect(hf, await hf.venture_id())
                    await asyncio.Event().wait()
            except (HoldfastError, OSError) as error:
                self._keeper.fail(str(error))
                await asyncio.sleep(LOOK_SECONDS)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.hooks_lease_seconds / BEATS_PER_LEASE)
            try:
                await self._keeper.check(BEAT_SECONDS, is_heard=False)
                await self._keeper.tell_hooks(self._ledger)
            except Exception:  # the next beat may go well, and without beats the lease is lost
                logger.exception("a beat failed")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            line = await reader.readline()
            if line:
                event = read_event(json.loads(line))
                async with _saying_that_it_works(writer, event):
                    told = await self._answer(event)
                writer.write(json.dumps(told).encode() + b"\n")
                await writer.drain()
        writer.close()
        if self._ended is not None:
            self._over.set()

    async def _answer(self, event: HookEvent) -> dict[str, Any]:
        if event.moment is Moment.SESSION_END:
            self._ended = event.reason or "its program ended it"
        began = time.monotonic()
        reply = await answer(self._desk, event)
        self._ledger.add(event.name, reply, seconds=time.monotonic() - began)
        told = write(event, reply)
        if event.moment is Moment.SESSION_START:
            told["environment"] = {
                "HOLDFAST_SESSION": self._task.session_id,
                "HOLDFAST_VENTURE": self._settings.venture,
            }
        return told

    async def _let_go(self) -> None:
        await self._keeper.tell_hooks(self._ledger)
        if self._ended is not None:
            await self._keeper.end(self._ended)
        else:
            await self._keeper.interrupt("its process ended without a word")


@contextlib.asynccontextmanager
async def _saying_that_it_works(
    writer: asyncio.StreamWriter, event: HookEvent
) -> AsyncIterator[None]:
    """A hook waits longer for a companion that says so: a verification takes its time."""

    async def say() -> None:
        while event.moment in LONG:
            await asyncio.sleep(WORKING_SECONDS)
            writer.write(b'{"working": true}\n')
            await writer.drain()

    saying = asyncio.create_task(say(), name="holdfast hooks working")
    try:
        yield
    finally:
        saying.cancel()
        await asyncio.gather(saying, return_exceptions=True)


def main() -> None:
    """Be the companion of a session, unless it has one."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    task = Task.read(sys.argv[1])
    lock = os.open(f"{task.point}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    os.write(lock, f"{os.getpid()}\n".encode())  # for people
    Path(task.point).unlink(missing_ok=True)  # of one that was killed
    asyncio.run(Companion(task, *_settings()).run())
    for ending in ("", ".lock", ".log"):
        Path(f"{task.point}{ending}").unlink(missing_ok=True)


def _settings() -> tuple[Settings, str | None]:
    """The settings; where they cannot be read the defaults, and why."""
    try:
        return config.load(), None
    except HoldfastError as error:
        return Settings(), f"{error.message} {error.hint or ''}".strip()


if __name__ == "__main__":
    main()
