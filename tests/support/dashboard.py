"""The dashboard as people have it: a real browser, in front of a server in this process or of a real `holdfast up`."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support.workers import environment, process

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src" / "holdfast" / "web" / "index.html"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Without these it asks its maker's hosts things, and has no sandbox to make where the tests run as root.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 30_000.0
expect.set_options(timeout=PATIENCE_MS)

needs_a_browser = pytest.mark.skipif(
    CHROMIUM is None or not BUILT.is_file() or not AXE.is_file(),
    reason="no browser, or no pages to look at; next: apt-get install chromium, and make web",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def signed_in(browser: Browser, link: str, **looks: Any) -> AsyncIterator[Page]:
    """A page of somebody who came in by a link; what goes wrong in it fails the test."""
    looks = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **looks}
    context = await browser.new_context(base_url=link.partition("/sign-in")[0], **looks)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", lambda got: faults.append(got.url) if got.status >= 400 else None)
    try:
        await page.goto(link)
        yield page
        assert not faults, faults
    finally:
        await context.close()


async def faults_of(page: Page, *rules: str) -> list[str]:
    """What axe finds serious in a page, by all its rules or by some."""
    await page.evaluate(AXE.read_text())
    only = {"runOnly": list(rules)} if rules else {}
    found = await page.evaluate(
        "options => axe.run(document, { resultTypes: ['violations'], ...options })", only
    )
    return [
        f"{page.url}: {one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Up:
    """A running `holdfast up`."""

    url: str
    sign_in: str
    running: subprocess.Popen[str]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])


@contextmanager
def up(
    database_url: str, *, port: int = 0, works: bool = False, **settings: object
) -> Iterator[Up]:
    """A process of its own that serves, and runs work if it is to; it is gone when the block ends."""
    more = [] if works else ["--no-worker"]
    with process(
        "-m", "holdfast", "up", "--json", "--port", str(port), *more,
        env=environment(database_url, **settings), stdout=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        told = json.loads(running.stdout.readline())
        yield Up(url=told["url"], sign_in=told["sign_in"], running=running)
