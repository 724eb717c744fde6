"""What a person does in the dashboard, with the keyboard, and what comes of it."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Browser, expect

from holdfast.engine.postgres import PostgresEngine
from tests.browser.conftest import Dashboard
from tests.support import small_plan
from tests.support.dashboard import needs_a_browser, signed_in, up
from tests.support.sql import connected, one

pytestmark = needs_a_browser


async def test_a_gate_is_answered_with_the_keyboard_and_the_plan_goes_on_to_its_end(
    engine: PostgresEngine, browser: Browser, tmp_path: Path
) -> None:
    plan = await small_plan.make(engine, "default", tmp_path / "plan")
    with up(engine.url, works=True) as server:
        async with signed_in(browser, server.sign_in) as page:
            await page.goto("/needs-you")
            await expect(page.get_by_text("Deployed?").first).to_be_visible()
            await page.keyboard.press("1")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("Answered “deployed”")).to_be_visible()
            await page.keyboard.press("g")
            await page.keyboard.press("p")
            await expect(page.get_by_role("link", name="small")).to_be_visible()
            await page.keyboard.press("j")
            await page.keyboard.press("Enter")
            await expect(page).to_have_url(f"{server.url}/plans/{plan.id}")
            last = page.get_by_role("button", name="verify").last
            await expect(last).to_have_attribute("data-status", "completed")
            await expect(page.get_by_text("4 of 4 steps")).to_be_visible()


async def test_a_form_is_filled_in_and_a_question_is_withdrawn(
    engine: PostgresEngine, browser: Browser
) -> None:
    session = await engine.call_row("start_session", session_id="s-1")
    asker = {"session_id": "s-1", "epoch": session["epoch"], "token": session["token"]}
    schema = {
        "type": "object",
        "properties": {
            "rate": {"type": "integer", "minimum": 1, "title": "Rate"},
            "unit": {"enum": ["second", "minute"], "title": "Each"},
        },
        "required": ["rate", "unit"],
    }
    asked = await engine.call_row("ask_question", message="Which limit?", schema=schema, **asker)
    stale = await engine.call_row("ask_question", message="Still needed?", **asker)
    with up(engine.url) as server:
        async with signed_in(browser, server.sign_in) as page:
            await page.goto(f"/needs-you/{asked['id']}")
            await page.get_by_label("Rate").fill("60")
            await page.get_by_label("Each").select_option("minute")
            await page.get_by_role("button", name="Answer", exact=True).click()
            await expect(page.get_by_text("Answered “{")).to_be_visible()

            await page.goto(f"/needs-you/{stale['id']}")
            await expect(page.get_by_role("button", name="Withdraw it")).to_be_visible()
            await page.keyboard.press("x")
            await page.get_by_label("Reason").fill("settled by phone")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("settled by phone")).to_be_visible()
    query = "select * from holdfast.questions where id = $1"
    async with connected(engine.url) as connection:
        answered, withdrawn = [await one(connection, query, row["id"]) for row in (asked, stale)]
    assert answered["answer"] == {"rate": 60, "unit": "minute"}
    assert (withdrawn["status"], withdrawn["close_reason"]) == ("withdrawn", "settled by phone")


async def test_everything_is_reached_by_the_keyboard(dashboard: Dashboard) -> None:
    async with await dashboard.page() as page:
        await expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("Go anywhere")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Control+k")
        await page.keyboard.type("Directives")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("link", name="SD-102")).to_be_visible()
        for _ in range(3):
            await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{dashboard.server.url}/directives/SD-103")
        await page.keyboard.press("Escape")
        await expect(page).to_have_url(f"{dashboard.server.url}/directives")


async def test_what_is_done_by_mistake_is_taken_back(dashboard: Dashboard) -> None:
    async with await dashboard.page() as page:
        await page.goto("/directives/SD-300")
        await expect(page.get_by_role("button", name="Block it")).to_be_visible()
        await page.keyboard.press("b")
        await page.get_by_label("Reason").fill("the registry is away")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Blocked: the registry is away")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_text("It is taken back.")).to_be_visible()
        await expect(page.get_by_text("Blocked: the registry is away")).to_be_hidden()


async def test_a_supervisor_is_looked_into_taken_back_and_forked(dashboard: Dashboard) -> None:
    async with await dashboard.page() as page:
        await page.goto(f"/fleet/supervisor/{dashboard.scene.supervisor_id}")
        await page.get_by_text("found as they should be").last.click()
        await expect(page.get_by_text("step interrupted").first).to_be_visible()
        await expect(page.get_by_text("its result is kept").first).to_be_visible()
        await page.get_by_text("What its agent was told").first.click()
        await expect(page.get_by_text("You were waiting for answers")).to_be_visible()
        await page.get_by_text("What a restoration would find now").click()
        await expect(page.get_by_text("What its agent would be told")).to_be_visible()
        row = page.get_by_role("row").filter(has_text="after Oban")
        await row.get_by_role("button", name="Fork").click()
        await page.get_by_role("dialog").get_by_role("button", name="Fork").click()
        await expect(page.get_by_text("Another one goes on from checkpoint 4")).to_be_visible()
        await row.get_by_role("button", name="Go back here").click()
        await page.get_by_label("Reason").fill("Roscoff was wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Paused").first).to_be_visible()
        await expect(page.get_by_text("Roscoff was wrong")).to_be_visible()
        await page.get_by_role("button", name="Let it go on").click()
        await page.get_by_role("dialog").get_by_role("button", name="Let it go on").click()
        await expect(page.get_by_role("button", name="Pause it")).to_be_visible()
        await expect(page.get_by_text("compare with last year (taken back)")).to_be_visible()
