"""Holdfast: the database-first memory and control room for AI agents that work for hours.

async with holdfast.connect() as hf:
    async with hf.execution("market research", steps=len(sources)) as run:
        for source in run.track(sources):
            run.log("reading", source=source)
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # the library typing is itself slow to import
if TYPE_CHECKING:
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

# Imported when they are asked for: a hook, which runs many times a minute, needs none of them.
_HOMES = {
    "AgentExecutionService": "executions.service",
    "Event": "model.events",
    "Holdfast": "client",
    "HoldfastError": "errors",
    "Job": "supervisors.handle",
    "LeaseLost": "errors",
    "Refused": "errors",
    "Run": "executions.run",
    "Settings": "config",
    "Supervisor": "supervisors.handle",
    "WorkFailed": "errors",
    "connect": "client",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
    found: object = getattr(import_module(f"holdfast.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
