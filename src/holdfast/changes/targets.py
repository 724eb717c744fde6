"""Which database somebody means: an address, the name of a variable that has it, or one of this machine's own."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.config import Settings
from holdfast.engine import direct, opening
from holdfast.engine.direct import Target
from holdfast.errors import InvalidValue

_ADDRESS = re.compile(r"postgres(ql)?://")
_LOCAL = re.compile(r"local:([a-z][a-z0-9_-]{0,62})")
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_FORMS = "Give postgresql://…, env:VARIABLE, or local:NAME for a database beside Holdfast's own."


@asynccontextmanager
async def connected(dsn: str, settings: Settings, *, make: bool = False) -> AsyncIterator[Target]:
    """A connection to the database that was named.

    Args:
        dsn: an address, `env:VARIABLE`, or `local:NAME`, a database on the server that Holdfast itself uses.
        settings: where that is.
        make: whether `local:NAME` is made where there is none.

    Raises:
        InvalidValue: it is none of these, or the variable is not set.
        TargetUnavailable: nobody answers there.
    """
    local = _LOCAL.fullmatch(dsn)
    if local is None:
        async with direct.connected(_address(dsn), settings) as target:
            yield target
        return
    async with opening.database(settings) as url:
        if make:
            async with direct.connected(url, settings) as beside:
                await _make(beside, local[1])
        async with direct.connected(direct.beside(url, local[1]), settings) as target:
            yield target


def _address(dsn: str) -> str:
    variable = _VARIABLE.fullmatch(dsn)
    if variable is not None:
        value = os.environ.get(variable[1])
        if not value:
            raise InvalidValue(f"{variable[1]} is not set.", hint="Set it to the address.")
        return _address(value)
    if not _ADDRESS.match(dsn):
        raise InvalidValue(f"{dsn!r:.60} names no database.", hint=_FORMS)
    return dsn


async def _make(beside: Target, name: str) -> None:
    for row in await beside.read("make_database", name):
        await beside.execute(row["statement"])
