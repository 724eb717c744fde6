"""Holdfast: the database-first memory and control room for AI agents that work for hours.

async with holdfast.connect() as hf:
    async with hf.execution("market research", steps=len(sources)) as run:
        for source in run.track(sources):
            run.log("reading", source=source)
"""

from holdfast.client import Holdfast, connect
from holdfast.config import Settings
from holdfast.errors import HoldfastError, LeaseLost, Refused, WorkFailed
from holdfast.executions.run import Run
from holdfast.executions.service import AgentExecutionService
from holdfast.model.events import Event
from holdfast.supervisors.handle import Job, Supervisor

__all__ = [
    "AgentExecutionService",
    "Event",
    "Holdfast",
    "HoldfastError",
    "Job",
    "LeaseLost",
    "Refused",
    "Run",
    "Settings",
    "Supervisor",
    "WorkFailed",
    "connect",
]
