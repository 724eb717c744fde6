"""A run is watched as it happens, through the loss of the connection and of the server."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.executions.run import Run
from tests.support.dashboard import needs_a_browser, signed_in, up
from tests.support.processes import kill

pytestmark = needs_a_browser

STEPS = ["read", "write", "check", "tell", "tidy"]


async def do(run: Run, *names: str) -> None:
    """Some steps, each with a line in the log, on disk before this ends."""
    for name in names:
        async with run.step(name):
            run.log(f"{name} is under way")
    await run.flush()


async def sees(page: Page, *names: str) -> None:
    """Each of these steps is shown as done, with its line."""
    for name in names:
        await expect(page.get_by_role("listitem").filter(has_text=name).first).to_be_visible()
        await expect(page.get_by_text(f"{name} is under way")).to_be_visible()
    done = page.get_by_text(f"{len(names)} of {len(STEPS)} steps")
    await expect(done).to_be_visible()


async def test_a_run_is_watched_to_its_end_while_the_network_and_the_server_come_and_go(
    engine: PostgresEngine, browser: Browser
) -> None:
    async with Holdfast(Settings(database_url=engine.url)) as hf:
        with up(engine.url) as first:
            async with signed_in(browser, first.sign_in) as page:
                async with hf.execution("watched", steps=len(STEPS)) as run:
                    await page.goto(f"/fleet/execution/{run.id}")
                    await do(run, "read")
                    await sees(page, "read")
                    tide = page.get_by_role("status").first
                    await expect(tide).to_contain_text("live")

                    kill(first.running.pid)
                    await do(run, "write", "check")
                    await expect(tide).to_contain_text("not live since")
                    with up(engine.url, port=first.port):
                        await sees(page, "read", "write", "check")
                        await expect(tide).not_to_contain_text("not live")

                        await page.context.set_offline(True)
                        await do(run, "tell")
                        await page.context.set_offline(False)
                        await do(run, "tidy")
                        await sees(page, *STEPS)
                        await hf.engine.call(
                            "finish_execution",
                            execution_id=run.id,
                            status="completed",
                            **run.lease.fence,
                        )
                        await expect(page.get_by_text("completed after")).to_be_visible()
