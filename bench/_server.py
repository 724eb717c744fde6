"""A PostgreSQL of the benchmarks' own, which waits for the disk, and databases on it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from holdfast.config import Settings
from holdfast.engine import connections, embedded, migrate
from holdfast.engine.connections import Connection
from holdfast.engine.embedded import binaries
from holdfast.engine.embedded.identity import identity_for

_numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """A running server and the pgbench of its own version."""

    url: str
    pgbench: str

    async def database(self, template: str | None = None) -> str:
        """The address of a new, migrated database, or of a copy of an earlier one."""
        name = f"bench_{next(_numbers)}"
        source = _name_of(template) if template else "template1"
        async with connected(self.url) as connection:
            await connection.execute(f"create database {name} template {source}")
        url = _with_name(self.url, name)
        if template is None:
            async with connected(url) as connection:
                await migrate.migrate(connection)
        return url

    async def drop(self, url: str) -> None:
        """Give a database's room back."""
        async with connected(self.url) as connection:
            await connection.execute(f"drop database {_name_of(url)} with (force)")


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Start a server in a folder that goes when it stops; fsync is on, as users have it."""
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
        Path(folder).chmod(0o711)  # root's server runs as another user, who must get in
        data_dir = Path(folder) / "postgres"
        held = embedded.join(data_dir)
        try:
            programs = binaries.choose(None, major=None, identity=identity_for(data_dir))
            yield Server(url=held.url, pgbench=str(programs.bin_dir / "pgbench"))
        finally:
            held.leave()


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """One connection for preparing and looking."""
    connection = await connections.connect(url, Settings())
    try:
        yield connection
    finally:
        await connection.close()


def _with_name(url: str, name: str) -> str:
    return re.sub(r"^(\w+://[^/?]*)/?[^?]*", rf"\1/{name}", url)


def _name_of(url: str) -> str:
    found = re.match(r"^\w+://[^/?]*/([^?]+)", url)
    assert found is not None, url
    return found[1]
