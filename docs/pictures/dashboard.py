"""Takes the pictures of the dashboard: a venture in the middle of a working day, in a real browser.

PYTHONPATH=. .venv/bin/python docs/pictures/dashboard.py
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from tests.support.api import Server, serving
from tests.support.dashboard import chromium, signed_in
from tests.support.scene import Scene, set_scene
from tests.support.scene.executions import KILLED_THREE_TIMES

import holdfast
from holdfast.engine.postgres import PostgresEngine

HERE = Path(__file__).parent
SIZE = {"width": 1440, "height": 900}
SETTLED_MS = 2_000
"""So long after a view was asked for, all that it shows is there."""


async def main(folder: Path) -> None:
    """A server on a database of its own, and the pictures in the light and in the dark."""
    async with holdfast.connect(data_dir=folder) as hf:
        url = hf.database.url
        scene = await set_scene(url)
        engine = PostgresEngine(url, settings=hf.settings)
        await engine.open()
        try:
            async with serving(engine, venture="default") as server:
                await take_all(server, scene)
        finally:
            await engine.close()


async def take_all(server: Server, scene: Scene) -> None:
    """Each view in each scheme."""
    async with chromium() as browser:
        for scheme in ("light", "dark"):
            link = server.url + await server.sign_in_path()
            async with signed_in(browser, link, viewport=SIZE, color_scheme=scheme) as page:
                await page.goto("/fleet?state=done")
                await page.get_by_text(KILLED_THREE_TIMES).first.click()
                await page.locator("[data-restoration]").last.wait_for()
                await page.wait_for_timeout(SETTLED_MS)
                await page.screenshot(path=HERE / f"dashboard-run-{scheme}.png")
                await page.goto(f"/plans/{scene.plan_id}")
                await page.wait_for_timeout(SETTLED_MS)
                await page.screenshot(path=HERE / f"dashboard-plan-{scheme}.png")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)  # for root the database runs as another user
        asyncio.run(main(Path(parent) / "postgres"))
