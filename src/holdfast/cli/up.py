"""`holdfast up`: everything in one process: database, API, a worker."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import getpass
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from holdfast import config
from holdfast.cli import server as database_server
from holdfast.cli._connection import JsonOption, connected, run_async
from holdfast.cli._output import console, print_json, print_warning
from holdfast.cli._running import known_address, known_at
from holdfast.client import Holdfast
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import ConfigError
from holdfast.runtime.worker import Worker
from holdfast.telemetry.exporting import exporting


def up(
    host: Annotated[
        str | None, typer.Option("--host", help="The address to serve at; 127.0.0.1 when unset.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="The port; 0 is any free one."),
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Serve only; run no work here.")
    ] = False,
    only_database: Annotated[
        bool,
        typer.Option(
            "--only-database", help="Keep the embedded server running, and serve nothing."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Serve the API and run work until told to stop; prints the address and a link that signs a browser in."""
    if only_database:
        database_server.keep_up(as_json=as_json)
        return
    logging.getLogger("holdfast").setLevel(logging.INFO)
    settings = config.load(api_host=host)
    wanted = settings.api_port if port is None else port
    with exporting("holdfast"):
        run_async(_serve(settings, wanted, works=not no_worker, as_json=as_json))


async def _serve(
    settings: config.Settings, port: int | None, *, works: bool, as_json: bool
) -> None:
    # The libraries of the server take longer to load than any other command's work.
    from holdfast.api.app import make_app  # noqa: PLC0415
    from holdfast.api.serving import Serving, address_of, listen  # noqa: PLC0415
    from holdfast.mcp import over_http  # noqa: PLC0415

    told_to_stop = _told_to_stop()
    with contextlib.closing(listen(settings.api_host, port)) as listening:
        address = address_of(listening)
        here = settings.telemetry_endpoint or address
        settings = dataclasses.replace(
            settings, telemetry_endpoint=here, public_url=settings.public_url or address
        )
        async with Holdfast(settings) as hf:
            await hf.venture_id()
            await _require_credentials(settings, hf)
            async with (
                _working(hf, works=works),
                over_http.serving(hf.watch, lease_seconds=settings.lease_seconds) as tools,
            ):
                app = await make_app(settings, hf.database, mounts={"/mcp": tools})
                serving = Serving(app, listening)
                await serving.start()
                _leave_what_stays_alone()
                try:
                    with known_at(address):
                        await _tell(hf, address, as_json=as_json)
                        await told_to_stop.wait()
                finally:
                    await serving.stop()


def _leave_what_stays_alone() -> None:
    """What has been loaded by now stays: looking through it for garbage again and again would make events late."""
    gc.collect()
    gc.freeze()


def _told_to_stop() -> asyncio.Event:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


@asynccontextmanager
async def _working(hf: Holdfast, *, works: bool) -> AsyncIterator[None]:
    if not works:
        yield
        return
    worker = Worker(hf)
    worker.start()
    try:
        yield
    finally:
        await worker.stop()


async def _tell(hf: Holdfast, address: str, *, as_json: bool) -> None:
    link = await sign_in_link(hf.database, address)
    if as_json:
        print_json({"url": address, "sign_in": link})
        return
    console.print(f"Holdfast is up at {address}", soft_wrap=True)
    console.print(f"Sign in with: {link}", soft_wrap=True)
    console.print("The link is good for one time and 15 minutes.", style="quiet")


async def sign_in_link(engine: PostgresEngine, address: str) -> str:
    """A link that signs a browser in once, as an owner of every venture."""
    from holdfast.api.credentials import tickets  # noqa: PLC0415
    from holdfast.api.identity import signed_in  # noqa: PLC0415

    ticket = await tickets.issue(
        engine, signed_in(getpass.getuser()), "sign-in", seconds=tickets.SIGN_IN_SECONDS
    )
    return f"{address}/sign-in?ticket={ticket}"


async def _require_credentials(settings: config.Settings, hf: Holdfast) -> None:
    """Who opens the server to other machines says first how they prove who they are."""
    from holdfast.api.app import LOOPBACK  # noqa: PLC0415

    if settings.api_host in LOOPBACK:
        return
    has_tokens = await hf.engine.read("any_api_token")
    if not (settings.api_jwt_secret or settings.api_jwks_url or has_tokens):
        raise ConfigError(
            f"api_host = {settings.api_host} opens the server to other machines, and nothing says how they prove who they are.",
            hint="Make a token with `holdfast token create`, or set api_jwt_secret or api_jwks_url.",
        )
    print_warning(
        "Other machines reach this server without encryption: put a proxy with TLS in front of it."
    )


def sign_in(
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="Where the server is; unset: the one that runs in this project, else the usual address.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a link that signs a browser in to the running server."""
    settings = config.load()
    host, port = settings.api_host, settings.api_port or config.DEFAULT_API_PORT
    address = (url or known_address() or f"http://{host}:{port}").rstrip("/")

    async def work() -> str:
        async with connected(None) as (hf, _):
            return await sign_in_link(hf.database, address)

    link = run_async(work())
    if as_json:
        print_json({"sign_in": link})
    else:
        console.print(link, soft_wrap=True)
