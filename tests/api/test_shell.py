"""What stands before every route."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from holdfast.engine.postgres import PostgresEngine
from tests.support.api import Server, serving


async def test_it_answers_to_its_own_names_only(server: Server) -> None:
    port = urlsplit(server.url).port
    async with server.client() as client:
        for host, status in (
            (f"localhost:{port}", 200),
            (f"127.0.0.1:{port}", 200),
            (f"[::1]:{port}", 200),
            (f"evil.example:{port}", 421),
            ("127.0.0.1.evil.example", 421),
            ("", 421),
        ):
            answer = await client.get("/api/v1/me", headers={"Host": host})
            assert answer.status_code == status, host


async def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_so(
    engine: PostgresEngine,
) -> None:
    async def in_chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    async with serving(engine, api_max_body_bytes=10_000) as server, server.client() as client:
        for content in (b" " * 10_001, in_chunks()):
            answer = await client.post("/rpc/add_directive", content=content)
            assert (answer.status_code, answer.json()["code"]) == (413, "HF006")
        fits = await client.post("/rpc/ventures_with", content=b'{"role":"owner"}' + b" " * 9_000)
        assert fits.status_code == 200


async def test_updates_over_the_limit_wait_and_those_of_others_do_not(
    engine: PostgresEngine,
) -> None:
    async with serving(engine, api_updates_per_minute=3) as server:
        async with server.client("agent") as agent, server.client("operator") as operator:
            names = ("", "?venture=acme", f"?venture={server.venture_id}", "?venture=x", "")
            made = [await agent.post(f"/api/v1/tickets{name}") for name in names]
            assert [one.status_code for one in made] == [201, 201, 201, 429, 429]
            assert 1 <= int(made[-1].headers["retry-after"]) <= 20
            assert made[-1].json()["errors"]["retry_after_seconds"] >= 1
            assert (await agent.get("/api/v1/me")).status_code == 200
            assert (await operator.post("/api/v1/tickets")).status_code == 201


async def test_every_answer_has_the_headers_that_browsers_heed(server: Server) -> None:
    async with server.client() as client:
        for path in ("/healthz", "/api/v1/me", "/no/such/thing", "/sign-in"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "server" not in headers


async def test_what_nobody_expected_is_an_id_and_not_a_trace(
    engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(engine) as server, server.client() as client:
        monkeypatch.setattr("holdfast.api.access.caller_as", None)  # a fault of ours
        with caplog.at_level(logging.ERROR, "holdfast.api"):
            answer = await client.get("/api/v1/me")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (500, "unexpected")
    assert "Traceback" not in answer.text
    assert "NoneType" not in answer.text
    error_id = told["detail"].split()[-1].rstrip(".")
    assert error_id in caplog.text
    assert "TypeError" in caplog.text


async def test_without_its_database_it_lives_and_is_not_ready(engine: PostgresEngine) -> None:
    async with serving(engine) as server, server.client() as client:
        assert (await client.get("/readyz")).status_code == 200
        await engine.close()
        assert (await client.get("/healthz")).status_code == 200
        for path in ("/readyz", "/api/v1/me"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (503, "DatabaseUnavailable")
            assert answer.headers["retry-after"]


async def test_it_stops_within_seconds_though_a_client_does_not_let_go(
    engine: PostgresEngine,
) -> None:
    async with serving(engine) as server:
        parts = urlsplit(server.url)
        _reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(b"POST /rpc/reap HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n1")
        await writer.drain()
    # `serving` fails where stopping takes longer than its patience.
    writer.close()


async def test_the_openapi_document_names_what_there_is(server: Server) -> None:
    async with server.client() as client:
        document = json.loads((await client.get("/api/v1/openapi.json")).text)
    assert {"/api/v1/me", "/api/v1/tickets", "/rpc/{function}"} <= document["paths"].keys()
