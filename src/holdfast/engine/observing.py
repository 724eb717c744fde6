"""Lets others measure the engine's calls: which function, how it ended, how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from holdfast.errors import HoldfastError

OK = "ok"
Observer: TypeAlias = Callable[[str, str, float], None]
"""Is told the function, the outcome (`ok` or the error's name) and the seconds."""


class Observers:
    """Who measures the calls of one engine."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []

    def add(self, observer: Observer) -> None:
        """Tell somebody of each call from now on."""
        self._observers.append(observer)

    def remove(self, observer: Observer) -> None:
        """Tell him no more."""
        self._observers.remove(observer)

    @contextmanager
    def observing(self, function: str) -> Iterator[None]:
        """Measure one call."""
        if not self._observers:
            yield
            return
        began, outcome = time.perf_counter(), OK
        try:
            yield
        except HoldfastError as error:
            outcome = type(error).__name__
            raise
        finally:
            for observer in self._observers:
                observer(function, outcome, time.perf_counter() - began)
