"""What is seen of a venture in the middle of a working day, by whom, and on what."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.async_api import Page, expect

from holdfast.engine.postgres import PostgresEngine
from tests.browser.conftest import Dashboard
from tests.support.api import serving
from tests.support.dashboard import chromium, faults_of, needs_a_browser, signed_in
from tests.support.scene import set_scene

pytestmark = needs_a_browser

# Each view, and what stands in it once it has read all that it shows.
VIEWS = {
    "/needs-you": "Half a cent in a refund",
    "/fleet": "Have 18 call sites read cents",
    "/fleet?of=sessions": "claude-7f3a",
    "/directives": "Move money to whole cents",
    "/directives/SD-102": "Fill the cent columns",
    "/plans/{plan_id}": "Staging has run it for an hour",
    "/plans/{plan_id}?step=review": "Round 1: failed",
    "/fleet/execution/{under_way}": "billing/refunds.py:214 rounds half a cent",
    "/fleet/supervisor/{supervisor_id}": "its result is kept",
    "/fleet/session/claude-7f3a": "stopped 2",
    "/events": "execution.metered",
    "/settings": "Tokens",
}


async def see(page: Page, path: str, dashboard: Dashboard) -> None:
    """Go to a view and wait for what it shows."""
    ids = {
        name: getattr(dashboard.scene, name) for name in ("plan_id", "supervisor_id", "under_way")
    }
    await page.goto(path.format(**ids))
    await expect(page.get_by_text(VIEWS[path]).first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_in_a_view_keeps_a_person_out(scheme: str, dashboard: Dashboard) -> None:
    rules = [] if scheme == "light" else ["color-contrast"]  # the rest is the same in the dark
    async with await dashboard.page(color_scheme=scheme) as page:
        faults = []
        for path in VIEWS:
            await see(page, path, dashboard)
            faults += await faults_of(page, *rules)
        assert faults == []


async def test_every_view_fits_a_phone_and_answering_takes_two_taps(dashboard: Dashboard) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    async with await dashboard.page(**phone) as page:
        for path in VIEWS:
            await see(page, path, dashboard)
            wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, path
        await page.goto("/needs-you")
        await page.get_by_role("button", name="deploy", exact=True).tap()
        await page.get_by_role("button", name="Answer deploy").tap()
        await expect(page.get_by_text("Answered “deploy”")).to_be_visible()


async def test_times_below_a_timeline_have_room_on_a_phone(dashboard: Dashboard) -> None:
    async with await dashboard.page(viewport={"width": 390, "height": 844}) as page:
        await page.goto("/fleet?q=Fill+the+cent")
        await page.get_by_text("Fill the cent columns").first.click()
        times = page.locator("span").filter(has_text=re.compile(r"^(\d\d:\d\d|\d+ \w{3})$"))
        await expect(times.first).to_be_visible()
        boxes = [await one.bounding_box() for one in await times.all() if await one.is_visible()]
        edges = sorted((box["x"], box["x"] + box["width"]) for box in boxes if box is not None)
        assert all(left[1] <= right[0] for left, right in itertools.pairwise(edges)), edges


async def test_a_run_that_was_killed_three_times_shows_it_at_a_glance(dashboard: Dashboard) -> None:
    async with await dashboard.page() as page:
        await page.goto("/fleet?q=Fill+the+cent")
        await page.get_by_text("Fill the cent columns").first.click()
        line = page.get_by_role("img", name="timeline: interrupted 3 times, completed")
        await expect(line).to_be_visible()
        assert await line.locator("[data-restoration]").all_inner_texts() == ["1", "2", "3"]
        await expect(page.get_by_text("its worker died 3 times")).to_be_visible()


async def test_a_session_shows_what_differed_and_what_its_hooks_did(dashboard: Dashboard) -> None:
    async with await dashboard.page() as page:
        await see(page, "/fleet/session/claude-7f3a", dashboard)
        row = page.get_by_role("row", name="file=SD-101, db_claim=SD-102")
        await expect(row).to_contain_text("repaired")
        await expect(page.get_by_role("row", name="branch=sd-101-audit")).to_contain_text(
            "not repaired"
        )
        await expect(page.get_by_role("row", name="PreToolUse")).to_contain_text("stopped 1")


async def test_it_is_told_who_held_a_directive_at_a_time(dashboard: Dashboard) -> None:
    async with await dashboard.page() as page:
        await page.goto("/directives/SD-202")
        now = await page.evaluate("new Date().toLocaleString('sv').replace(' ', 'T')")
        await page.get_by_label("Who held it at").fill(now)
        told = page.get_by_role("status").filter(has_text="gemini-9d04 held it")
        await expect(told).to_contain_text("nothing was heard of it after")


async def test_a_thousand_cards_scroll(engine: PostgresEngine) -> None:
    await set_scene(engine.url, more_executions=1000)
    async with serving(engine, venture="default") as server, chromium() as browser:
        link = server.url + await server.sign_in_path()
        async with signed_in(browser, link) as page:
            await page.goto("/fleet")
            await expect(page.get_by_text("Check the berth 1000")).to_be_visible()
            last = page.get_by_text("Check the berth 0001")
            while not await last.is_visible():
                await page.mouse.move(640, 400)
                await page.mouse.wheel(0, 8_000)
                await page.evaluate("new Promise(requestAnimationFrame)")
                assert await page.locator("main li").count() < 150
