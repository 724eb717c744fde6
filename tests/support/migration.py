"""What tests of migrations look at, and how they break a schema on purpose."""

from __future__ import annotations

import asyncio
import itertools
import re
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from holdfast.config import Settings
from holdfast.engine import connections, migrate, texts, verify
from tests.support.patience import PATIENCE_SECONDS
from tests.support.servers import binaries_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    import pytest

    from holdfast.engine.connections import Connection

_numbers = itertools.count(1)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """One connection, closed afterwards."""
    connection = await connections.connect(url, Settings())
    try:
        yield connection
    finally:
        await connection.close()


async def migrated(url: str) -> migrate.Status:
    """Migrate; gives the status that was found, and raises Holdfast's errors as the command does."""
    async with connected(url) as connection:
        return await connections.translated(lambda: migrate.migrate(connection), url)


async def status_of(url: str) -> migrate.Status:
    async with connected(url) as connection:
        return await migrate.status(connection)


async def fingerprint_of(url: str) -> dict[str, str]:
    async with connected(url) as connection, connection.transaction():
        await connection.execute(migrate.PLAIN_PATH)
        found: dict[str, str] = await connection.fetchval(texts.query("fingerprint"))
        return found


async def execute(url: str, *statements: str) -> None:
    async with connected(url) as connection:
        for statement in statements:
            await connection.execute(statement)


async def fetchval(url: str, statement: str, *arguments: Any) -> Any:
    async with connected(url) as connection:
        return await connection.fetchval(statement, *arguments)


async def ledger_of(url: str) -> list[int]:
    numbers: list[int] = await fetchval(
        url, "select array_agg(number order by number) from holdfast.migrations"
    )
    return numbers


async def row_counts(url: str) -> dict[str, int]:
    """How many rows each table of the database holds."""
    async with connected(url) as connection:
        tables = await connection.fetch(
            "select oid::regclass::text as name from pg_class where relkind = 'r'"
            " and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
        )
        return {
            t["name"]: await connection.fetchval(f"select count(*) from {t['name']}")
            for t in tables
        }


def dump(url: str) -> str:
    """The schema as pg_dump writes it: the view of somebody who does not know our fingerprint."""
    dumped = _run_client("pg_dump", "--schema-only", "--schema=holdfast", url)
    # Newer ones protect their scripts with a random word.
    return re.sub(r"^\\(un)?restrict .*$", "", dumped, flags=re.M)


def run_script_with_psql(url: str, file: Path) -> None:
    _run_client(
        "psql", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f", str(file), url
    )


def _run_client(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [binaries_of("18") / program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_migration(text: str) -> texts.Migration:
    """A migration after the newest one."""
    number = texts.migrations()[-1].number + next(_numbers)
    return texts.Migration(number=number, name="made_by_a_test", text=text)


def use_migrations(monkeypatch: pytest.MonkeyPatch, *migrations: texts.Migration) -> None:
    """Be a version of Holdfast with these migrations."""
    monkeypatch.setattr(texts, "migrations", lambda: migrations)


def use_definitions(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Be a version of Holdfast with these functions, views and policies."""
    monkeypatch.setattr(texts, "definitions", lambda: text)


async def replace_in_function(url: str, function: str, old: str, new: str) -> None:
    """Change a function by hand: the live text with one part of it replaced."""
    async with connected(url) as connection:
        text = await connection.fetchval("select pg_get_functiondef($1::text::regproc)", function)
        assert old in text, f"{function} does not hold {old!r}"
        await connection.execute(text.replace(old, new))


async def verdicts(url: str) -> dict[str, verify.Check]:
    """Every check of `verify`, by name."""
    return {check.name: check async for check in verify.verify(url, Settings())}


async def failures(url: str) -> dict[str, str]:
    """The failed checks of `verify`, with their details."""
    return {c.name: c.detail for c in (await verdicts(url)).values() if not c.passed}


async def eventually(look: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look until it is so; fails after a deadline."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await look():  # other processes set no event of ours
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_SECONDS:.0f} s: {what}") from None
