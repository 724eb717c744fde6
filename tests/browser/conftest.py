"""A browser for each test, and a venture in the middle of a working day to look at."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from holdfast.engine.postgres import PostgresEngine
from tests.support.api import Server, serving
from tests.support.dashboard import chromium, signed_in
from tests.support.scene import Scene, set_scene


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser, which takes a second to start."""
    async with chromium() as started:
        yield started


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dashboard:
    """The dashboard on a scene."""

    server: Server
    scene: Scene
    browser: Browser

    async def page(self, **looks: Any) -> AbstractAsyncContextManager[Page]:
        """A page of an operator who has just signed in."""
        link = self.server.url + await self.server.sign_in_path()
        return signed_in(self.browser, link, **looks)


@pytest.fixture
async def dashboard(engine: PostgresEngine, browser: Browser) -> AsyncIterator[Dashboard]:
    """The dashboard in front of a scene."""
    scene = await set_scene(engine.url)
    async with serving(engine, venture="default") as server:
        yield Dashboard(server=server, scene=scene, browser=browser)
