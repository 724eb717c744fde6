"""What people get: sent for real by Apprise to a server on this machine, and written down once it was taken."""

from __future__ import annotations

import json
import logging
import logging.handlers
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.notifications import Sender, channels_of, send
from holdfast.notifications.messages import Message
from tests.support.questions import answer, ask
from tests.support.sql import connected

SECRET = "hunter2"


class Mailbox:
    """A server that takes what is posted to it, as long as it is well."""

    def __init__(self, port: int) -> None:
        self.url = f"json://ann:{SECRET}@127.0.0.1:{port}/{SECRET}-path"
        self.posted: list[dict[str, Any]] = []
        self.is_well = True


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if box.is_well:
                box.posted.append(json.loads(body))
            self.send_response(200 if box.is_well else 500)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box = Mailbox(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_question_is_sent_once_with_its_link_and_what_waits_for_it(
    engine: PostgresEngine,
) -> None:
    venture = await engine.call_value("open_venture", slug="default")
    async with connected(engine.url) as connection:
        asked = await ask(connection, options=["yes", "no"], audience={"person": "ann"})
    with mailbox() as box:
        sender = Sender(engine, Settings(notify_urls=(box.url,), public_url="https://hf.example/"))
        assert [await sender.turn(venture) for _ in range(2)] == [1, 0]
        [posted] = box.posted
        assert posted["title"] == "Deploy?"
        for told in ("Asked by s", "for ann", "yes | no", f"https://hf.example/needs-you/{asked}"):
            assert told in posted["message"], told


async def test_what_a_service_does_not_take_is_kept_with_the_reason_and_without_a_secret(
    engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.handlers.BufferingHandler(1000)
    monkeypatch.setattr(logging.getLogger(), "handlers", [log])
    venture = await engine.call_value("open_venture", slug="default")
    with mailbox() as box:
        box.is_well = False
        settings = Settings(notify_urls=(box.url, f"nonsense://{SECRET}"))
        async with connected(engine.url) as connection:
            asked = await ask(connection)
            assert await Sender(engine, settings).turn(venture) == 2
            rows = await connection.fetch("select channel, status::text, attempts, error from holdfast.notifications order by channel")  # fmt: skip
            assert [(r["status"], r["attempts"]) for r in rows] == [("pending", 1)] * 2
            assert ["500" in rows[0]["error"], "cannot read" in rows[1]["error"]] == [True, True]
            logged = "".join(record.getMessage() for record in log.buffer)
            told = logged + repr(settings) + str(rows)
            assert "500" in logged
            assert SECRET not in told
            # it was answered before the service was well again: nobody is bothered
            await answer(connection, asked, "yes")
            await connection.execute("update holdfast.notifications set due_at = created_at")
            box.is_well = True
            assert await Sender(engine, settings).turn(venture) == 0
        assert box.posted == []


async def test_what_came_in_one_night_is_one_message_in_the_morning(engine: PostgresEngine) -> None:
    venture = await engine.call_value("open_venture", slug="default")
    async with connected(engine.url) as connection:
        asked = [await ask(connection, message=f"question {n}") for n in range(25)]
    with mailbox() as box:
        await Sender(engine, Settings(notify_urls=(box.url,))).turn(venture)
        [posted] = box.posted
        assert posted["title"] == "25 questions wait for an answer"
        assert f"question 0\nAsked by s, for operators.\nAnswer with: holdfast answer {str(asked[0])[-8:]}" in posted["message"]  # fmt: skip
        assert posted["message"].endswith("… and 5 more")


async def test_an_address_with_commas_is_whole_and_each_is_told_once() -> None:
    urls = Settings(notify_urls="mailto://a:b@x.org?to=ann, bob,json://y").notify_urls  # type: ignore[arg-type]
    assert [c.url for c in channels_of(urls)] == ["mailto://a:b@x.org?to=ann,bob", "json://y"]
    assert len(channels_of(["json://y", "json://y"])) == 1
    with mailbox() as box:
        [channel] = channels_of([box.url])
        assert await send(channel, Message(title="t", body="b")) is None
