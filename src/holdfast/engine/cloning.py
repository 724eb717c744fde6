"""A database of its own with the same catalogue as somebody's, and no rows: there a change may fail."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from holdfast.config import Settings
from holdfast.engine import direct, embedded
from holdfast.engine.direct import Target
from holdfast.engine.embedded import EmbeddedServer, binaries
from holdfast.errors import TargetRefused

# What holds for their server and not for the catalogue.
_LEFT_OUT = ("--no-owner", "--no-publications", "--no-subscriptions", "--no-tablespaces", "--no-security-labels")  # fmt: skip
# Newer ones guard their scripts with commands of psql.
_OF_PSQL = re.compile(r"^\\.*$", re.MULTILINE)
_THERE_ALREADY = re.compile(r"^CREATE SCHEMA public;$", re.MULTILINE)


@asynccontextmanager
async def clone(target: Target, settings: Settings) -> AsyncIterator[Target]:
    """The clone, on a server that is made for it and gone afterwards.

    Raises:
        TargetRefused: the catalogue cannot be read whole, or not be made anew here, such as for want of an extension.
    """
    script = await _dumped(target)
    with tempfile.TemporaryDirectory(prefix="holdfast-shadow-") as folder:
        server = await asyncio.to_thread(_start, Path(folder))
        try:
            await _make(server.url, target, script, settings)
            async with direct.connected(server.url, settings) as made:
                yield made
        finally:
            await asyncio.to_thread(server.leave)


def _start(folder: Path) -> EmbeddedServer:
    folder.chmod(0o711)  # the server may run as another user
    return embedded.join(folder / "postgres", fsync=False)


async def _make(url: str, target: Target, script: str, settings: Settings) -> None:
    """On a connection of its own: the script leaves settings behind."""
    async with direct.connected(url, settings) as made:
        there = {row["name"] for row in await made.read("roles")}
        for role in await target.read("roles"):
            if role["name"] not in there:
                await made.execute(role["statement"])
        try:
            await made.execute(script)
        except TargetRefused as error:
            raise TargetRefused(
                f"The catalogue of {target.address} cannot be made anew here: {error.message}",
                hint="The extension, or what else it needs, is not on this machine.",
                detail=error.detail,
            ) from error


async def _dumped(target: Target) -> str:
    process = await asyncio.create_subprocess_exec(
        binaries.client("pg_dump"),
        "--schema-only",
        *_LEFT_OUT,
        target.url,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = said.decode(errors="replace").splitlines() or ["it did not say why"]
        raise TargetRefused(
            f"The catalogue of {target.address} cannot be read: {lines[0]}.",
            hint="Read it as a role that owns its objects.",
        )
    return _THERE_ALREADY.sub("", _OF_PSQL.sub("", printed.decode()))
