"""What every measurement is made with: alternating rounds, and figures that are ratios."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeAlias

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bench._pgbench import Pgbench
from bench._server import Server

Measurement: TypeAlias = Callable[[float], Awaitable[float]]
"""Measures for about so many seconds; gives a rate, or a duration."""
Samples: TypeAlias = dict[str, list[float]]
ROUNDS = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """One ratio: what was measured over its yardstick, both of the same run."""

    name: str
    ratio: float
    lowest: float
    highest: float
    measured: float
    yardstick: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        """What the ratio should be, as people read it."""
        if self.at_least is not None:
            return f"≥ {self.at_least:.2f}"
        return f"≤ {self.at_most:.2f}" if self.at_most is not None else ""

    @property
    def met(self) -> bool | None:
        """Whether it is; None where nothing was promised."""
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return self.ratio <= self.at_most if self.at_most is not None else None


def compare(
    name: str,
    samples: Samples,
    measured: str,
    yardstick: str,
    *,
    unit: str = "/s",
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """The median of the rounds' ratios: what a machine does to one round, it does to both sides of it."""
    ratios = [m / y for m, y in zip(samples[measured], samples[yardstick], strict=True)]
    return Figure(
        name=name,
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        measured=statistics.median(samples[measured]),
        yardstick=statistics.median(samples[yardstick]),
        unit=unit,
        at_least=at_least,
        at_most=at_most,
    )


class Bench:
    """What a benchmark is given: the server, how long it may take, and who is told how far it is."""

    def __init__(self, server: Server, *, seconds: float, console: Console) -> None:
        self.server = server
        self.seconds = seconds
        self._console = console

    def pgbench(self, url: str, script: str, **settings: str) -> Pgbench:
        """A script for pgbench on a database."""
        return Pgbench(program=self.server.pgbench, url=url, script=script, settings=settings)

    def rate(self, url: str, script: str, *, clients: int, **settings: str) -> Measurement:
        """Measures a script's transactions a second."""
        runner = self.pgbench(url, script, **settings)
        return lambda seconds: runner.rate(seconds, clients=clients)

    async def alternate(
        self, measurements: Mapping[str, Measurement], *, rounds: int = ROUNDS
    ) -> Samples:
        """Measure all in turn, round after round, every second one backwards: a drift hits all alike."""
        samples: Samples = {name: [] for name in measurements}
        slice_seconds = self.seconds / (rounds * len(measurements))
        with self._bar(rounds * len(measurements)) as advance:
            for number in range(rounds):
                order = list(measurements)
                for name in order if number % 2 == 0 else reversed(order):
                    with advance(f"round {number + 1}: {name}"):
                        samples[name].append(await measurements[name](slice_seconds))
        return samples

    @contextlib.contextmanager
    def preparing(self, what: str) -> Iterator[None]:
        """Say on a terminal what takes a while before the first measurement."""
        with self._console.status(what) if self._console.is_terminal else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def _bar(
        self, total: int
    ) -> Iterator[Callable[[str], contextlib.AbstractContextManager[None]]]:
        columns = (
            TextColumn("{task.description}", style="dim"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:", style="dim"),
            TimeRemainingColumn(),
        )
        progress = Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        )
        with progress:
            task = progress.add_task("", total=total)

            @contextlib.contextmanager
            def advance(what: str) -> Iterator[None]:
                progress.update(task, description=f"{what:<44}")
                yield
                progress.advance(task)

            yield advance
