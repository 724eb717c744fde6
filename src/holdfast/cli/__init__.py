"""The command line: one file per command group."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from holdfast.cli._commands import AllCommands
from holdfast.cli._output import print_error
from holdfast.cli._usage import usage_error
from holdfast.errors import HoldfastError
from holdfast.terminal.signs import show_all_that_can_be_shown

app = typer.Typer(
    name="holdfast",
    cls=AllCommands,
    help="The database-first memory and control room for AI agents that work for hours.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version  # noqa: PLC0415 -- half as slow as all else here

        typer.echo(f"holdfast {version('holdfast')}")
        raise typer.Exit


@app.callback()
def _holdfast(
    *,
    _: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line; what goes wrong is told in one line with the next step."""
    show_all_that_can_be_shown()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        # A command gives nothing; one that was left by `typer.Exit` gives the exit code.
        sys.exit(app(prog_name="holdfast", standalone_mode=False))
    except HoldfastError as error:
        print_error(error)
        sys.exit(1)
    except TyperException as error:
        told = usage_error(error)
        if told is not None:
            print_error(told)
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("HOLDFAST_DEBUG"):
            raise
        print_error(
            HoldfastError(
                f"Unexpected: {type(error).__name__}: {error}",
                hint="Set HOLDFAST_DEBUG=1 to see where, and report it.",
            )
        )
        sys.exit(70)
