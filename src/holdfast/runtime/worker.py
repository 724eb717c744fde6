"""A worker: takes executions and supervisors, and looks after what died elsewhere."""

from __future__ import annotations

import asyncio
from typing import Protocol
from uuid import UUID

from holdfast.agents import Agents
from holdfast.client import Holdfast
from holdfast.engine.listener import Listener
from holdfast.notifications import Sender
from holdfast.runtime.conductor import Conductor
from holdfast.runtime.drift_watcher import DriftWatcher
from holdfast.runtime.executor import Executor
from holdfast.runtime.notifier import Notifier
from holdfast.runtime.reaper import Reaper
from holdfast.runtime.retention import Retention
from holdfast.runtime.ventures import Ventures
from holdfast.telemetry.reporting import Reporting

# Half of the second within which a crashed worker's work is to be taken up after its lease.
POLL_SECONDS = 0.4


class _Duty(Protocol):
    def start(self) -> None: ...
    async def stop(self) -> None: ...


class Worker:
    """The duties of one worker process. It may be killed at any time; stopping it gives its work back."""

    def __init__(self, hf: Holdfast, *, venture_id: UUID | None = None) -> None:
        settings = hf.settings
        ventures = Ventures(hf, venture_id)
        self._listener = Listener(hf.engine, poll_seconds=POLL_SECONDS)
        # Reaping and retention go by the clock: a ring tells them nothing.
        clock = Listener(hf.engine, poll_seconds=POLL_SECONDS)
        self._duties: list[_Duty] = [
            Executor(
                hf,
                agents=Agents(
                    hf.callables,
                    settings,
                    reporting=Reporting(hf.engine, settings.telemetry_endpoint),
                ),
                ventures=ventures,
                listener=self._listener,
                limit=settings.worker_executions,
            ),
            Conductor(
                hf, ventures=ventures, listener=self._listener, limit=settings.worker_supervisors
            ),
            Reaper(hf, ventures=ventures, listener=clock, on_swept=self._listener.ring),
            DriftWatcher(hf, ventures=ventures, listener=clock),
        ]
        sender = Sender(hf.engine, settings)
        if sender.has_channels:
            self._duties.append(Notifier(ventures=ventures, listener=clock, sender=sender))
        if not hf.is_remote:  # what is old is the server's affair
            self._duties.append(Retention(hf, listener=clock))

    def start(self) -> None:
        """Begin every duty; starting twice is safe."""
        self._listener.start()
        for duty in self._duties:
            duty.start()

    async def stop(self) -> None:
        """Give back what is running and end every duty; stopping twice is safe."""
        await asyncio.gather(*(duty.stop() for duty in self._duties))
        await self._listener.stop()
