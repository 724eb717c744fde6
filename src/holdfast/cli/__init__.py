"""The command line: one file per command group."""

from __future__ import annotations

import logging
import os
import sys

import typer
from typer.exceptions import TyperException

from holdfast.cli import (
    advancing,
    api,
    change,
    db,
    directives,
    events,
    flags,
    hooks,
    inspect,
    mcp,
    notifications,
    plans,
    questions,
    resume,
    run_agent,
    server,
    sessions,
    statusline,
    supervisors,
    tokens,
    top,
    up,
    validate,
    verify,
    watching,
    workers,
)
from holdfast.cli._output import print_error
from holdfast.cli._usage import usage_error
from holdfast.errors import HoldfastError

app = typer.Typer(
    name="holdfast",
    help="The database-first memory and control room for AI agents that work for hours.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(db.app, name="db")
app.add_typer(plans.app, name="plan")
app.add_typer(directives.app, name="directive")
app.add_typer(sessions.app, name="session")
app.add_typer(change.app, name="change")
app.add_typer(verify.app, name="verify")
app.add_typer(supervisors.app, name="supervisor")
app.add_typer(hooks.app, name="hooks")
app.add_typer(tokens.app, name="token")
app.add_typer(api.app, name="api")
app.add_typer(questions.app, name="question")
app.add_typer(notifications.app, name="notifications")
directives.app.command("flag")(flags.flag)
directives.app.command("unflag")(flags.unflag)
sessions.app.command("advance")(advancing.advance)
sessions.app.command("auto-proceed")(advancing.auto_proceed)
sessions.app.command("summary")(advancing.summary)
app.command("resume")(resume.resume)
app.command("run")(plans.run)
app.command("run-agent")(run_agent.run_agent)
app.command("worker")(workers.worker)
app.command("status")(inspect.status)
app.command("statusline")(statusline.statusline)
app.command("top")(top.top)
app.command("watch")(watching.watch)
app.command("questions")(questions.questions)
app.command("inbox")(questions.questions)
app.command("answer")(questions.answer)
app.command("events")(events.events)
app.command("validate")(validate.validate)
app.command("mcp")(mcp.mcp)
app.command("up")(up.up)
app.command("sign-in")(up.sign_in)
app.command("down")(server.down)


def main() -> None:
    """Run the command line; what goes wrong is told in one line with the next step."""
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
