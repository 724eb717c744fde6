"""holdfast api: what the server's interface is."""

from __future__ import annotations

import json

import typer

app = typer.Typer(help="The interface over HTTP.", no_args_is_help=True)


@app.callback()
def api() -> None:
    """The interface over HTTP."""


@app.command()
def openapi() -> None:
    """Print the OpenAPI document, for generators of clients."""
    from holdfast.api.document import openapi as document  # noqa: PLC0415 (slow to import)

    typer.echo(json.dumps(document(), indent=2, ensure_ascii=False))
