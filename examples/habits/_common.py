"""What the programs of this example share: arguments, database, and how they talk to Holdfast.

A program that Holdfast's `command` agent runs talks in lines on stdout: `::progress`, `::log` and
`::result`; every other line is kept as it is. By hand, in a terminal, it draws a bar instead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

try:
    import asyncpg
except ImportError:
    raise SystemExit(
        f"error: asyncpg is not installed for {sys.executable}; next: pip install asyncpg"
    ) from None

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

LIVE = "habits"
SHADOW = "habits_shadow"
MADE_HERE = "Made by Holdfast's example habits."

DIFFERS = 1
CANNOT_RUN = 2
FINDINGS_OPEN = 3
ALREADY_DEPLOYED = 4


class ProgramError(Exception):
    """The program cannot go on: one line that says why, one that says what to do next."""

    def __init__(self, message: str, *, hint: str, exit_code: int = CANNOT_RUN) -> None:
        self.hint = hint
        self.exit_code = exit_code
        super().__init__(message)


def progress(done: int, total: int, text: str) -> None:
    """Tell how far the work is: a bar in a terminal, a protocol line for Holdfast."""
    if not sys.stdout.isatty():
        print(f"::progress {done}/{total} {text}", flush=True)
        return
    filled = 24 * done // max(total, 1)
    end = "\n" if done >= total else ""
    print(f"\r\033[K[{'#' * filled:<24}] {done}/{total} {text}", end=end, flush=True)


def end_bar() -> None:
    """Clear a bar that stopped half-way, for what is printed next."""
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)


def log(level: str, text: str) -> None:
    """Say one thing; `level` is debug, info, warning or error."""
    if sys.stdout.isatty():
        print(f"{level}: {text}", flush=True)
    else:
        print(f"::log {level} {text}", flush=True)


def result(value: dict[str, Any]) -> None:
    """Give the program's result, one line of JSON; of several the last one counts."""
    print(f"::result {json.dumps(value)}", flush=True)


def parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments that every program of this example has."""
    made = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    made.add_argument(
        "--database",
        metavar="URL",
        default=os.environ.get("HABITS_DATABASE_URL"),
        help="the database to work on (default: $HABITS_DATABASE_URL)",
    )
    made.add_argument(
        "--work",
        metavar="FOLDER",
        type=Path,
        default=Path(os.environ.get("HOLDFAST_WORK_DIR") or "."),
        help="where files are read and written (default: $HOLDFAST_WORK_DIR, else this folder)",
    )
    return made


def run(
    main: Callable[[argparse.Namespace], Awaitable[int]], arguments: argparse.ArgumentParser
) -> None:
    """Run a program to its exit code; what goes wrong is told in one line, with the next step."""
    try:
        sys.exit(asyncio.run(_told(main, arguments.parse_args())))
    except ProgramError as failure:
        end_bar()
        print(f"error: {failure}; next: {failure.hint}", file=sys.stderr)
        sys.exit(failure.exit_code)
    except KeyboardInterrupt:
        end_bar()
        print("stopped", file=sys.stderr)
        sys.exit(130)


async def _told(
    main: Callable[[argparse.Namespace], Awaitable[int]], options: argparse.Namespace
) -> int:
    try:
        return await main(options)
    except asyncpg.LockNotAvailableError as error:
        raise ProgramError(
            f"another session holds a lock that is needed ({error})",
            hint="wait for it to end, then run this again",
            exit_code=DIFFERS,
        ) from error
    except asyncpg.PostgresError as error:
        raise ProgramError(
            f"PostgreSQL refused: {one_line(error)} ({error.sqlstate})",
            hint="mend what it names, then run this again; nothing was changed",
            exit_code=DIFFERS,
        ) from error
    except (asyncpg.InterfaceError, ConnectionError) as error:
        raise ProgramError(
            f"the connection to the database broke: {one_line(error)}",
            hint="see that the server runs, then run this again",
        ) from error
    except OSError as error:
        raise ProgramError(
            f"cannot use {error.filename}: {error.strerror}",
            hint="see that it is there and that you may read and write it",
        ) from error


def one_line(error: BaseException) -> str:
    """The first line of what an exception says, or its name where it says nothing."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


@asynccontextmanager
async def connect(options: argparse.Namespace) -> AsyncIterator[Connection]:
    """A connection to the database the user named, closed at the end."""
    if not options.database:
        raise ProgramError(
            "HABITS_DATABASE_URL is not set",
            hint="export HABITS_DATABASE_URL=postgresql://…, or give --database URL",
        )
    try:
        connection = await asyncpg.connect(options.database, timeout=10)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
        raise ProgramError(
            f"cannot reach the database: {one_line(e)}",
            hint="check HABITS_DATABASE_URL and that the server runs",
        ) from e
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def schema_exists(connection: Connection, schema: str) -> bool:
    """Whether the database has this schema."""
    found: bool = await connection.fetchval(
        "select exists (select from pg_namespace where nspname = $1)", schema
    )
    return found


async def take_turns(connection: Connection) -> None:
    """Wait until no other program of this example changes the schemas, up to the transaction's end.

    The program of a killed worker may still be at work when the next worker starts it again.
    """
    await connection.execute("select pg_advisory_xact_lock(hashtext($1))", SHADOW)
