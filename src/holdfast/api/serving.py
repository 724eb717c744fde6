"""Listening: one uvicorn on a socket of ours, started and stopped from outside."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import socket
import urllib.request
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from holdfast.api.live.socket import (
    SETTINGS,
    LiveHttp,
    LiveWebSocket,
    give_up_on_the_unheard,
)
from holdfast.config import DEFAULT_API_PORT
from holdfast.errors import AddressTaken, ConfigError

_MORE_PORTS = 100
_STOP_SECONDS = 3
_GOODBYE_SECONDS = 2.0
_ASK_SECONDS = 1.0
_BACKLOG = 2048


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens; without a port at the usual one, or the next that is free. Port 0 is any free one.

    Raises:
        AddressTaken: another program has the port; the text says which, where it is one of ours.
        ConfigError: there is no such address on this machine.
    """
    if port is not None:
        return _bound(host, port)
    for candidate in range(DEFAULT_API_PORT, DEFAULT_API_PORT + _MORE_PORTS):
        with contextlib.suppress(AddressTaken):
            return _bound(host, candidate)
    return _bound(host, 0)


def address_of(listening: socket.socket) -> str:
    """The address that a browser on this machine opens."""
    host, port = listening.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


class Serving:
    """A server that runs beside what else this process does."""

    def __init__(self, app: FastAPI, listening: socket.socket) -> None:
        self._app = app
        self._listening = listening
        config = uvicorn.Config(
            app,
            http=LiveHttp,
            ws=LiveWebSocket,
            log_config=None,
            access_log=False,
            server_header=False,
            # A proxy on this machine says whether TLS is in front; others are not believed.
            proxy_headers=True,
            forwarded_allow_ips="127.0.0.1",
            timeout_graceful_shutdown=_STOP_SECONDS,
            **SETTINGS,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to serve; it answers when this returns."""
        self._task = asyncio.create_task(self._server.serve([self._listening]), name="holdfast api")
        ready = asyncio.create_task(self._server.answers.wait())
        await asyncio.wait((self._task, ready), return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        """Tell those who are connected, wait a little for what is under way, and end; stopping twice is safe."""
        # Before the server closes what is open, with a code of its own that tells nobody to come back.
        await self._app.state.gateway.say_goodbye(_GOODBYE_SECONDS)
        self._server.should_exit = True
        task, self._task = self._task, None
        if task is not None:
            await task
        self._listening.close()

    async def ended(self) -> None:
        """Wait until it has stopped by itself, which only an error makes it do."""
        if self._task is not None:
            await asyncio.shield(self._task)


class _Server(uvicorn.Server):
    """Leaves signals to who started it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ConfigError(
            f"api_host = {host} is no address: {error.strerror}.", hint="Use 127.0.0.1 or 0.0.0.0."
        ) from error
    bound = socket.socket(family, kind)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    give_up_on_the_unheard(bound)
    try:
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise _refused(host, port, error) from error
    bound.setblocking(False)
    return bound


def _refused(host: str, port: int, error: OSError) -> AddressTaken | ConfigError:
    if error.errno == errno.EADDRINUSE:
        return AddressTaken(
            f"Port {port} of {host} is taken by {_who_holds(host, port)}.",
            hint="Use that one, or choose another with --port.",
        )
    return ConfigError(
        f"Cannot listen at {host}:{port}: {error.strerror}.",
        hint="Choose another with --host or --port.",
    )


def _who_holds(host: str, port: int) -> str:
    """Another Holdfast says who it is."""
    name = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{name}:{port}/healthz", timeout=_ASK_SECONDS) as told:
            answer = json.load(told)
        return f"holdfast up (process {answer['process']})"
    except (OSError, ValueError, LookupError, TypeError):
        return "another program"
