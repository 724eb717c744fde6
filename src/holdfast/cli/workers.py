"""`holdfast worker`: run ready executions and supervisors until told to stop."""

from __future__ import annotations

import asyncio
import importlib
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from holdfast import config
from holdfast.cli._connection import run_async
from holdfast.cli._output import console
from holdfast.client import Holdfast
from holdfast.engine.holding import holder_name
from holdfast.errors import ConfigError
from holdfast.runtime.worker import Worker
from holdfast.telemetry.exporting import exporting


def worker(
    app: Annotated[
        str | None,
        typer.Option(
            "--app", help="The program's own `Holdfast`, as module:name, with its functions."
        ),
    ] = None,
    executions: Annotated[
        int | None, typer.Option("--executions", help="How many executions at once.")
    ] = None,
    supervisors: Annotated[
        int | None, typer.Option("--supervisors", help="How many supervisors at once.")
    ] = None,
    lease_seconds: Annotated[
        float | None, typer.Option("--lease-seconds", help="How long a lease lasts.")
    ] = None,
    venture: Annotated[
        str | None,
        typer.Option("--venture", help="Serve this venture only; unset means every one."),
    ] = None,
) -> None:
    """Run ready work. SIGTERM gives it back; being killed costs a lease's time, nothing else."""
    logging.getLogger("holdfast").setLevel(logging.INFO)
    settings = config.load(
        worker_executions=executions,
        worker_supervisors=supervisors,
        lease_seconds=lease_seconds,
        venture=venture,
    )
    hf = Holdfast(settings) if app is None else _load(app, settings)
    with exporting("holdfast-worker"):
        run_async(_work(hf, only_venture=venture is not None))


async def _work(hf: Holdfast, *, only_venture: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with hf:
        running = Worker(hf, venture_id=await hf.venture_id() if only_venture else None)
        running.start()
        console.print(f"worker {holder_name()} is ready", style="quiet")
        await stopped.wait()
        console.print("stopping: giving work back", style="quiet")
        await running.stop()


def _load(name: str, settings: config.Settings) -> Holdfast:
    """The program's own object, with the command line's settings."""
    module_name, _, attribute = name.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module_name), attribute or "hf")
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"--app {name}: {error}", hint="Name it as module:name, such as release:hf."
        ) from error
    if not isinstance(found, Holdfast):
        raise ConfigError(
            f"--app {name} is a {type(found).__name__}, not a Holdfast.",
            hint="Name what connect() gave.",
        )
    found.settings = settings
    return found
