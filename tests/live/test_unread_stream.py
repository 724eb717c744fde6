"""An event stream whose client does not read: it is told why, and its socket is not kept."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from holdfast.api.live import socket as connections
from tests.support.api import Server
from tests.support.feed import new_streams, until

ENDS = b"0\r\n\r\n"


@asynccontextmanager
async def unread_stream(server: Server) -> AsyncIterator[socket.socket]:
    """A client that asks for the feed, and whose system has little room for what it does not read."""
    place = urlsplit(server.url)
    head = (
        "GET /api/v1/live/events?venture=acme HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {server.tokens['viewer']}\r\n\r\n"
    )
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (place.hostname, place.port))
        await loop.sock_sendall(client, head.encode())
        yield client


async def write_until_it_is_given_up(server: Server) -> None:
    """Write large events until nobody follows any more."""
    [stream] = await new_streams(server.engine, server.venture_id, 1)

    async def followed() -> bool:
        return bool(await server.engine.read("active_subscriptions", server.venture_id, 10))

    await until(followed, "the stream is followed")
    while await followed():
        await server.engine.call(
            "annotate_execution",
            execution_id=stream,
            metadata={"large": secrets.token_hex(7900)},
            venture_id=server.venture_id,
        )


async def rest_of(client: socket.socket) -> bytes:
    """What comes until the server has hung up."""
    told = b""
    async with asyncio.timeout(60):
        while data := await asyncio.get_running_loop().sock_recv(client, 65536):
            told = (told + data)[-1000:]
    return told


async def test_a_client_that_reads_again_hears_why_its_stream_has_ended(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "ABORT_SECONDS", 120.0)  # however slow this machine is
    async with unread_stream(server) as client:
        await write_until_it_is_given_up(server)
        told = await rest_of(client)
    assert b"\r\n: 4008 " in told
    assert told.endswith(ENDS)


async def test_a_client_that_never_reads_is_hung_up_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "ABORT_SECONDS", 0.0)
    async with unread_stream(server) as client:
        await write_until_it_is_given_up(server)
        told = await rest_of(client)
    assert not told.endswith(ENDS), "what it had not taken is gone with its connection"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux has it")
def test_the_kernel_gives_up_on_a_network_that_swallows_everything() -> None:
    with socket.socket() as listening:
        connections.give_up_on_the_unheard(listening)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            kept = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert kept == connections.UNHEARD_SECONDS * 1000
