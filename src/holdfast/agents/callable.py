"""Agents of kind `callable`: Python functions of the worker's own program."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from holdfast.agents.agent import Done, Failed, Outcome
from holdfast.errors import DatabaseUnavailable, LeaseLost
from holdfast.executions.run import Run


class CallableAgent:
    """Runs one function: an async one on the event loop, any other in a thread."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    async def run(self, run: Run, given: Any) -> Outcome:
        """Call the function with the run and the input's values."""
        try:
            if inspect.iscoroutinefunction(self._function):
                return Done(await self._function(run, **given))
            return Done(await asyncio.to_thread(self._function, run, **given))
        except (LeaseLost, DatabaseUnavailable):
            raise
        except Exception as error:
            return Failed(f"{type(error).__name__}: {error}")
