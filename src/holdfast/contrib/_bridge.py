"""Working on the event loop that the connection belongs to, from wherever one is called."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from holdfast.errors import HoldfastError

_Result = TypeVar("_Result")


class Bridge:
    """Leads to one event loop."""

    def __init__(self) -> None:
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            raise HoldfastError(
                "There is no event loop here.",
                hint="Make it inside: async with holdfast.connect() as hf, or open it with `HoldfastSaver.opened()`.",
            ) from None

    def wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Wait for what is done there, in a thread that has no event loop.

        Raises:
            HoldfastError: this is the loop's own thread, which would wait for itself.
        """
        if _running_loop() is self._loop:
            work.close()
            raise HoldfastError(
                "The event loop would wait for itself.",
                hint="Use the async form here: ainvoke, aput, aget_tuple.",
            )
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def over(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Await what is done there, on this event loop or on another."""
        if _running_loop() is self._loop:
            return await work
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
