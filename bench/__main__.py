"""`python -m bench [name …]`: run the benchmarks, or those whose names begin so, and print their ratios."""

from __future__ import annotations

import argparse
import asyncio
import difflib
import importlib
import sys
import time
from typing import Protocol, cast

import uvloop
from rich.console import Console

from bench import _report
from bench._server import connected, server
from bench._support import Bench, Figure
from holdfast.errors import HoldfastError

NAMES = (
    "engine_calls",
    "coalesced",
    "arrays",
    "events_cost",
    "claims",
    "plan",
    "recovery",
    "restorations",
    "saves",
    "steps",
    "hooks",
    "eta",
    "live",
)
DEFAULT_SECONDS = 90.0


class _Benchmark(Protocol):
    TITLE: str

    async def run(self, bench: Bench) -> list[Figure]: ...


def main() -> None:
    arguments = _arguments()
    console = Console()
    if not console.is_terminal:  # a file has room for whole lines
        console = Console(width=132)
    if arguments.list:
        for name in NAMES:
            console.print(f"{name:<14} {_load(name).TITLE}", highlight=False)
        return
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run_all(_chosen(arguments.names), arguments.seconds, console))
    except HoldfastError as error:
        sys.exit(f"{error.message} {error.hint or ''}")
    except KeyboardInterrupt:
        sys.exit("Stopped; the finished benchmarks' figures are kept.")


async def _run_all(names: list[str], seconds: float, console: Console) -> None:
    figures: list[Figure] = []
    with server() as running:
        async with connected(running.url) as connection:
            version: str = await connection.fetchval("show server_version")
        console.print(f"PostgreSQL {version}, fsync on, two sides of each ratio in turn")
        for name in names:
            benchmark = _load(name)
            console.print(f"\n[bold]{benchmark.TITLE}[/]")
            began_at = time.monotonic()
            bench = Bench(running, seconds=seconds, console=console)
            found = await benchmark.run(bench)
            console.print(_report.table(found))
            file = _report.keep(name, found, seconds=seconds, server_version=version)
            took = time.monotonic() - began_at
            console.print(f"{took:.0f} s, kept in {file}", style="dim", highlight=False)
            figures += found
    console.print()
    _report.summary(console, figures)


def _load(name: str) -> _Benchmark:
    return cast(_Benchmark, importlib.import_module(f"bench.{name}"))


def _chosen(asked: list[str]) -> list[str]:
    """All, or those that the given names begin."""
    for text in asked:
        if not any(name.startswith(text) for name in NAMES):
            near = difflib.get_close_matches(text, NAMES, n=1, cutoff=0.4)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(NAMES)}."
            sys.exit(f"There is no benchmark {text}. {hint}")
    return [name for name in NAMES if not asked or any(name.startswith(text) for text in asked)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="which; unset means all")
    parser.add_argument("--list", action="store_true", help="say what there is, and stop")
    parser.add_argument(
        "--seconds",
        type=float,
        default=DEFAULT_SECONDS,
        help="about how long each benchmark measures (default: %(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
