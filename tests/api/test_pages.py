"""The dashboard's files, as a browser gets them."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from holdfast.api import pages, problems
from tests.support.api import Server

HTML = {"Accept": "text/html"}
SCRIPT = "console.log('hold');"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><div id=root></div>")
    (tmp_path / "assets" / "index-1a2b.js").write_text(SCRIPT)
    (tmp_path / "assets" / "index-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / ".sources").write_text("a hash")
    return tmp_path


@pytest.fixture
async def browser(built: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with _browser_of(built) as client:
        yield client


def _browser_of(folder: Path) -> httpx2.AsyncClient:
    app = FastAPI()
    problems.install(app)

    @app.get("/api/v1/me")
    async def me() -> dict[str, str]:
        return {"user": "ann"}

    pages.install(app, folder)
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost")


@pytest.mark.parametrize("path", ["/", "/needs-you", "/fleet/execution/0193", "/plans/0193?q=x"])
async def test_every_address_of_the_dashboard_gives_its_first_page(
    browser: httpx2.AsyncClient, path: str
) -> None:
    answer = await browser.get(path, headers=HTML)
    assert (answer.status_code, "id=root" in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_page_allows_its_own_scripts_only(browser: httpx2.AsyncClient) -> None:
    policy = (await browser.get("/")).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_what_is_named_by_its_content_is_kept_for_ever(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/assets/index-1a2b.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(("accepted", "sent"), [("gzip", "gzip"), ("identity", None)])
async def test_a_file_is_sent_packed_to_who_takes_it(
    browser: httpx2.AsyncClient, accepted: str, sent: str | None
) -> None:
    answer = await browser.get("/assets/index-1a2b.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == sent
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.text == SCRIPT


async def test_an_unchanged_page_is_not_sent_again(browser: httpx2.AsyncClient) -> None:
    tag = (await browser.get("/")).headers["etag"]
    assert (await browser.get("/", headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/assets/gone-0.js",
        "/.sources",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/api/v1/unknown",
        "/api",
    ],
)
async def test_what_is_no_page_is_not_found(browser: httpx2.AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers=HTML)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_write_to_a_page_is_refused(browser: httpx2.AsyncClient) -> None:
    assert (await browser.post("/needs-you")).status_code == 405


async def test_without_a_build_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    async with _browser_of(tmp_path / "none") as browser:
        answer = await browser.get("/", headers=HTML)
    assert answer.status_code == 404
    assert "make web" in answer.text


async def test_the_server_answers_at_its_root(server: Server) -> None:
    async with server.client(role=None) as client:
        answer = await client.get("/fleet", headers=HTML)
        unknown = await client.get("/api/v1/nothing-of-that-name")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Holdfast" in answer.text
    assert unknown.headers["content-type"] == "application/problem+json"
