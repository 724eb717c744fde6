"""The event stream (SSE): one subscription over plain HTTP, resumed by `Last-Event-ID`."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from holdfast.api.access import Caller, SomeCaller, named_venture
from holdfast.api.gateway import Gateway, gateway_of
from holdfast.api.live.closing import Gone
from holdfast.api.live.connection import PING_SECONDS, Connection
from holdfast.api.live.socket import hang_up
from holdfast.live.asking import Asking, asking
from holdfast.live.hub import Hub
from holdfast.live.outbox import Frame
from holdfast.live.scope import NOUNS
from holdfast.live.wire import stream_text

RETRY_MS = 1000
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}

router = APIRouter(prefix="/api/v1", tags=["live"])


class Asked(BaseModel):
    """What a client follows, as the address says it."""

    directive: str | None = None
    session: str | None = None
    supervisor: str | None = None
    execution: str | None = None
    plan: str | None = None
    kinds: Annotated[str | None, Field(description="Kinds of streams, with commas.")] = None
    stream: Annotated[list[str], Field(description="Single streams.")] = []
    since: Annotated[str | None, Field(description="A cursor, or `start`.")] = None
    venture: Annotated[str | None, Field(description="Its slug or id.")] = None
    ticket: Annotated[str | None, Field(description="One of POST /api/v1/tickets.")] = None

    def asking(self, last_event_id: str | None) -> Asking:
        """The same, checked; raises `InvalidValue`."""
        named: dict[str, str] = {
            noun: getattr(self, noun) for noun in NOUNS if getattr(self, noun) is not None
        }
        return asking(
            named,
            kinds=self.kinds.split(",") if self.kinds else (),
            streams=self.stream,
            since=last_event_id or self.since,
        )


@router.get("/live/events", response_class=Response)
async def events(
    request: Request,
    who: SomeCaller,
    asked: Annotated[Asked, Query()],
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Follow the feed as server-sent events; docs/reference/live.md says how."""
    connection = StreamConnection(gateway=gateway_of(request), caller=who)
    await connection.prepare(asked.asking(last_event_id), named_venture(request))
    return EventStream(connection)


class StreamConnection(Connection):
    """A client that reads an event stream."""

    transport = "sse"

    def __init__(self, *, gateway: Gateway, caller: Caller) -> None:
        super().__init__(gateway=gateway, hub=gateway.parts[Hub], caller=caller)
        self._send: Send | None = None
        self._receive: Receive | None = None
        self._asked: tuple[Asking, str | None] | None = None

    async def prepare(self, asked: Asking, venture: str | None) -> None:
        """Refuse what cannot be followed while the answer can still say so."""
        await asked.wish("", await self.venture(venture), self.caller.engine)
        self._asked = (asked, venture)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until either side ends it."""
        with self._gateway.open_connection():
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._write_text(f"retry: {RETRY_MS}\n\n")
        closing = await self.run()
        if closing is not None:
            hang_up(scope)
            text = f": {closing.code} {closing.reason}\n\n"
            await send({"type": "http.response.body", "body": text.encode()})

    async def write(self, frames: list[Frame]) -> None:
        """Write what waits; a client that does not read holds this up."""
        await self._write_bytes(stream_text(frames))

    async def listen(self) -> None:
        """Begin, and wait until the client leaves."""
        assert self._asked is not None
        assert self._receive is not None
        await self.subscribe("", *self._asked)
        while (await self._receive())["type"] != "http.disconnect":
            pass
        raise Gone

    async def beat(self) -> None:
        """A comment keeps proxies from hanging up; the position keeps a quiet client from falling behind."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            self.mark()
            await self._write_text(": here\n\n")

    async def _write_text(self, text: str) -> None:
        await self._write_bytes(text.encode())

    async def _write_bytes(self, data: bytes) -> None:
        assert self._send is not None
        await self._send({"type": "http.response.body", "body": data, "more_body": True})


class EventStream(Response):
    """The answer that goes on."""

    def __init__(self, connection: StreamConnection) -> None:
        super().__init__(headers=HEADERS)
        self._connection = connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        await self._connection.serve(scope, receive, send)
