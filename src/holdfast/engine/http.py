"""The door to a database that another machine's `holdfast up` keeps: the same calls and reads, over HTTP.

An answer that was lost on the way is asked for again under the key of its call, which the server does once.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import httpx2

from holdfast.config import Settings
from holdfast.engine import failpoints
from holdfast.engine.calls import QUIET, Engine, Row
from holdfast.engine.connections import encode_json
from holdfast.engine.problems import TRY_LATER, error_of, retry_after_seconds
from holdfast.engine.sse import Message, messages
from holdfast.engine.wire import pack, unpack_rows
from holdfast.errors import ConfigError, DatabaseUnavailable

# These change nothing that may not be changed twice.
_UNRECORDED = QUIET | {"open_venture"}
_ANSWER_SECONDS = 30.0
_MOST_TRIES = 3
# A stream says something every 25 s; one that does not is lost.
_SILENT_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 10.0
_BASE = "/api/v1/engine"
# Nothing has left for the server.
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class HttpEngine(Engine):
    """Calls of the engine's functions through a server, over connections that are kept."""

    def __init__(self, url: str, *, settings: Settings) -> None:
        if settings.token is None:
            raise ConfigError(
                f"The server at {url} wants a token.",
                hint="Set HOLDFAST_TOKEN to one that `holdfast token create` printed there.",
            )
        self.url = url.rstrip("/")
        self._settings = settings
        self._token = settings.token
        self._client: httpx2.AsyncClient | None = None

    async def open(self) -> None:
        """Connect, and find out whether the token is good; opening twice is safe."""
        if self._client is None:
            self._client = self._new_client()
            try:
                self.ventures = tuple(row["slug"] for row in await self.read("me"))
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        """Disconnect; closing twice is safe."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """Call `holdfast.<function>` with named arguments, without their `p_`; it is done once.

        Raises:
            Refused: the database refused; nothing was changed.
            DatabaseError: the server or its database could not do it.
        """
        body = encode_json({"arguments": {name: pack(value) for name, value in arguments.items()}})
        headers = {"Content-Type": "application/json"}
        if function not in _UNRECORDED:
            headers["Idempotency-Key"] = str(uuid4())
        failpoints.reached("before", function)
        rows = await self._ask("POST", f"/call/{function}", content=body, headers=headers)
        failpoints.reached("after", function)
        return rows

    async def read(self, query: str, /, *arguments: Any) -> list[Row]:
        """Run the named query `sql/queries/<query>.sql` on the server."""
        packed = encode_json([pack(value) for value in arguments])
        return await self._ask("GET", f"/read/{query}", params={"arguments": packed})

    async def stream(self, path: str, parameters: dict[str, str]) -> AsyncGenerator[Message]:
        """The messages of an event stream, until it ends.

        Raises:
            DatabaseUnavailable: the server cannot be reached, or has gone silent.
        """
        headers = {"Accept": "text/event-stream"}
        timeout = httpx2.Timeout(_SILENT_SECONDS, connect=self._settings.connect_timeout_seconds)
        try:
            async with self._opened.stream(
                "GET", path, params=parameters, headers=headers, timeout=timeout
            ) as response:
                if response.is_error:
                    await response.aread()
                    raise error_of(response, self.url)
                async with aclosing(messages(response.aiter_lines())) as found:
                    async for message in found:
                        yield message
        except httpx2.TransportError as error:
            raise self._unavailable(error) from error

    @property
    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            raise DatabaseUnavailable(
                "The connection is not open.",
                hint="Use it inside: async with holdfast.connect() as hf",
            )
        return self._client

    def _new_client(self) -> httpx2.AsyncClient:
        size = self._settings.pool_size
        return httpx2.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self._token}"},
            timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=self._settings.connect_timeout_seconds),
            limits=httpx2.Limits(max_connections=size, max_keepalive_connections=size),
        )

    async def _ask(self, method: str, path: str, **options: Any) -> list[Row]:
        response = await self._send(method, _BASE + path, **options)
        if response.is_error:
            raise error_of(response, self.url)
        return [*unpack_rows(json.loads(response.content))]

    async def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request, again if its answer was lost or the server wants it later."""
        for tries in range(1, _MOST_TRIES + 1):
            try:
                response = await self._opened.request(method, path, **options)
            except _NOT_SENT as error:
                raise self._unavailable(error) from error
            except httpx2.TransportError as error:
                if tries == _MOST_TRIES:
                    raise self._unavailable(error) from error
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_SECONDS))  # noqa: S311
                continue
            if response.status_code != TRY_LATER or tries == _MOST_TRIES:
                return response
            await asyncio.sleep(min(retry_after_seconds(response), _LONGEST_WAIT_SECONDS))
        raise AssertionError

    def _unavailable(self, error: Exception) -> DatabaseUnavailable:
        what = str(error) or type(error).__name__
        return DatabaseUnavailable(
            f"The server at {self.url} cannot be reached: {what}.",
            hint="Check HOLDFAST_URL, and that `holdfast up` runs there.",
        )
