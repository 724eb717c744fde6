"""`holdfast plan progress`: a plan's progress document, on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from holdfast.cli._connection import VentureOption, connected, find_id, run_async
from holdfast.plans.account import read_account
from holdfast.plans.document import document
from holdfast.sync.files import write_atomically


def progress(
    plan: Annotated[str, typer.Argument(help="The plan's id, or the end of it.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="A file to write it into; unset: print it.")
    ] = None,
    venture: VentureOption = None,
) -> None:
    """Print a plan's progress document, or write it: each step with its time, files, findings and evidence."""

    async def work() -> str:
        async with connected(venture) as (hf, venture_id):
            plan_id = await find_id(hf, venture_id, "plan", plan)
            return document(await read_account(hf.engine, venture_id, plan_id))

    text = run_async(work())
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_atomically(output, text.encode())
