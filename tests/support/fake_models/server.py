"""What the fake model servers have in common: a script, the requests that came, waiting for them."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.support.fake_models.turns import Block, Fail, Text, Turn, blocks_of
from tests.support.patience import PATIENCE_SECONDS

AFTER_THE_SCRIPT = Text("There is nothing more to do.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """One request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    """With names in small letters."""
    body: Any
    is_turn: bool
    """Whether it asks for the next turn of the script; titles, summaries and token counts do not."""

    @property
    def text(self) -> str:
        """The body, to look for something in it."""
        return json.dumps(self.body, ensure_ascii=False)


class FakeModel:
    """A model server on loopback, which gives one turn of its script for each request for one.

    Args:
        turns: what the model says, turn by turn; after the last it says that nothing is left to do.
        script: instead of turns, what gives the turn for a request.

    >>> with AnthropicModel(Call("Bash", {"command": "echo hi"}), Text("Done.")) as model: ...
    """

    def __init__(self, *turns: Turn, script: Callable[[Request], Turn] | None = None) -> None:
        self._turns = list(turns)
        self._script = script or (lambda request: self._next())
        self._came: list[Request] = []
        self._changed = threading.Condition()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def requests(self) -> list[Request]:
        """Every request so far."""
        with self._changed:
            return list(self._came)

    @property
    def turns(self) -> list[Request]:
        """The requests for a turn so far."""
        return [request for request in self.requests if request.is_turn]

    def wait(
        self,
        is_met: Callable[[Sequence[Request]], bool],
        *,
        seconds: float = PATIENCE_SECONDS,
    ) -> list[Request]:
        """The requests for a turn, once they meet a condition."""
        with self._changed:
            met = self._changed.wait_for(lambda: is_met(self.turns), seconds)
            assert met, f"not within {seconds} s; {len(self.turns)} turns were asked for"
            return self.turns

    async def turn(self, number: int, *, seconds: float = PATIENCE_SECONDS) -> Request:
        """The request for the turn of this number, from 1, once it has come."""
        come = await asyncio.to_thread(
            self.wait, lambda turns: len(turns) >= number, seconds=seconds
        )
        return come[number - 1]

    # What a wire format brings.

    def is_turn(self, path: str, body: Any) -> bool:
        """Whether a request asks for the next turn."""
        raise NotImplementedError

    def write_turn(self, answer: Answer, request: Request, blocks: Sequence[Block]) -> None:
        """Answer with what the model says."""
        raise NotImplementedError

    def write_other(self, answer: Answer, request: Request) -> None:
        """Answer a request for something else."""
        answer.json({"error": {"message": f"{request.path} is not here"}}, status=404)

    def error_body(self, failure: Fail) -> Any:
        """How the wire format tells an error."""
        return {"error": {"type": "invalid_request_error", "message": failure.message}}

    def take(self, answer: Answer, request: Request) -> None:
        """Note a request and answer it."""
        with self._changed:
            self._came.append(request)
            turn = self._script(request) if request.is_turn else None
            self._changed.notify_all()
        match turn:
            case None:
                self.write_other(answer, request)
            case Fail():
                answer.json(self.error_body(turn), status=turn.status)
            case _:
                self.write_turn(answer, request, blocks_of(turn))

    def _next(self) -> Turn:
        return self._turns.pop(0) if self._turns else AFTER_THE_SCRIPT


class Answer(BaseHTTPRequestHandler):
    """One request's answer: JSON, or server-sent events."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def json(self, value: Any, *, status: int = 200) -> None:
        """Answer with JSON."""
        self._send("application/json", json.dumps(value).encode(), status)

    def events(self, events: Sequence[Any], *, named: bool = False) -> None:
        """Answer with server-sent events, whose names are their types where they have names."""
        lines = [
            (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n"
            for event in events
        ]
        self._send("text/event-stream", "".join(lines).encode(), 200)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Say that somebody is here."""
        self._send("text/plain", b"", 200)

    def do_GET(self) -> None:
        """Answer what asks for no turn."""
        self._take(None)

    def do_POST(self) -> None:
        """Answer a model call."""
        read = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._take(json.loads(read or b"null"))

    def _take(self, body: Any) -> None:
        model = self.server.model
        model.take(
            self,
            Request(
                method=self.command,
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
                is_turn=body is not None and model.is_turn(self.path, body),
            ),
        )

    def _send(self, kind: str, content: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, model: FakeModel) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.model = model

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A program that was killed in the middle of an answer is what tests do."""
