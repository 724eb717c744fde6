"""A real server for every test: one cluster a run, a template database, a fresh clone a test."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from holdfast.config import Settings
from holdfast.engine import connections, embedded, migrate
from holdfast.engine.postgres import PostgresEngine
from tests.support import api
from tests.support.servers import binaries_of
from tests.support.world import Worlds, make_worlds

# The same examples each time: what CI finds can be found again, and a slow machine proves nothing.
settings.register_profile("holdfast", deadline=None, derandomize=True)
settings.load_profile("holdfast")

ROOM_BYTES = 4 * 1024**3
_numbers = itertools.count(1)
server = api.server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", default="18", help="the major version of the server to test on")


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The cluster of this run, shared by all its processes; or the one the environment names."""
    given = os.environ.get("HOLDFAST_TEST_SERVER_URL")
    if given:
        yield given
        return
    version = request.config.getoption("--postgres")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = _folder_for_clusters() / f"holdfast-tests-{run}"
    folder.mkdir(exist_ok=True)
    server = embedded.join(folder / f"postgres{version}", bin_dir=binaries_of(version), fsync=False)
    yield server.url
    server.leave()
    if not embedded.is_running(
        folder / f"postgres{version}"
    ).running:  # the last process of the run
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def worker_name() -> str:
    """What keeps the databases of parallel test processes apart."""
    return f"{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}_{os.getpid()}"


@pytest.fixture(scope="session")
def template(server_url: str, worker_name: str) -> Iterator[str]:
    """A migrated database that tests are cloned from."""
    name = f"template_{worker_name}"

    async def make() -> None:
        await _create(server_url, name)
        connection = await connections.connect(_with_database(server_url, name), Settings())
        await migrate.migrate(connection)
        await connection.close()

    asyncio.run(make())
    yield name
    asyncio.run(_drop(server_url, name))


@pytest.fixture(scope="session")
def made_worlds(server_url: str, worker_name: str, template: str) -> Iterator[tuple[str, Worlds]]:
    """A database with two worlds that tests are cloned from: to make them takes half a second each."""
    name = f"worlds_{worker_name}"
    asyncio.run(_create(server_url, name, template))
    yield name, asyncio.run(make_worlds(_with_database(server_url, name)))
    asyncio.run(_drop(server_url, name))


@pytest.fixture
def worlds(made_worlds: tuple[str, Worlds]) -> Worlds:
    """What is in the database of `worlds_url`."""
    return made_worlds[1]


@pytest.fixture
def worlds_url(server_url: str, worker_name: str, made_worlds: tuple[str, Worlds]) -> Iterator[str]:
    """A fresh database with two worlds in it."""
    yield from _fresh(server_url, worker_name, made_worlds[0])


@pytest.fixture
def database_url(server_url: str, worker_name: str) -> Iterator[str]:
    """A fresh, empty database."""
    yield from _fresh(server_url, worker_name, None)


@pytest.fixture
def holdfast_url(server_url: str, worker_name: str, template: str) -> Iterator[str]:
    """A fresh, migrated database."""
    yield from _fresh(server_url, worker_name, template)


@pytest.fixture
async def engine(holdfast_url: str) -> AsyncIterator[PostgresEngine]:
    """The engine on a fresh, migrated database."""
    opened = PostgresEngine(holdfast_url, settings=Settings())
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def work_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one, without settings from outside."""
    monkeypatch.chdir(tmp_path)
    for variable in list(os.environ):
        if variable.startswith("HOLDFAST_"):
            monkeypatch.delenv(variable)
    return tmp_path


def _folder_for_clusters() -> Path:
    """In memory where there is room: a database for each test is some gigabytes of writing in all.

    Not in pytest's own folder, which is closed to the user as whom the server runs for root.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES:
        return memory
    return Path(tempfile.gettempdir())


def _fresh(server_url: str, worker_name: str, template: str | None) -> Iterator[str]:
    name = f"test_{worker_name}_{next(_numbers)}"
    asyncio.run(_create(server_url, name, template))
    yield _with_database(server_url, name)
    asyncio.run(_drop(server_url, name))


async def _create(server_url: str, name: str, template: str | None = None) -> None:
    # The other strategy writes the whole template to the log, ten times the work.
    await _run(
        server_url, f"create database {name} template {template or 'template1'} strategy file_copy"
    )


async def _drop(server_url: str, name: str) -> None:
    await _run(server_url, f"drop database {name} with (force)")


async def _run(server_url: str, statement: str) -> None:
    connection = await asyncpg.connect(_with_database(server_url, "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _with_database(url: str, name: str) -> str:
    """The same server's address with another database in it."""
    return re.sub(r"^(\w+://[^/?]*)/?[^?]*", rf"\1/{name}", url)
