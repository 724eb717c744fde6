"""`/api/docs`: the HTTP interface to read and to try, without another host."""

from __future__ import annotations

from playwright.async_api import Browser, Request, expect

from tests.support.api import Server
from tests.support.dashboard import needs_a_browser, signed_in

pytestmark = needs_a_browser


async def test_who_is_signed_in_tries_a_request_on_the_page(
    server: Server, browser: Browser
) -> None:
    asked: list[str] = []

    def keep(request: Request) -> None:
        asked.append(request.url)

    async with signed_in(browser, server.url + await server.sign_in_path()) as page:
        page.on("request", keep)
        await page.goto("/api/docs")
        await page.locator("#operations-access-me_api_v1_me_get").click()
        await page.get_by_role("button", name="Execute").click()
        answer = page.locator(".live-responses-table")
        await expect(answer.locator(".response-col_status").last).to_contain_text("200")
        await expect(answer).to_contain_text('"acme"')
        await page.get_by_role("button", name="Authorize").click()
        await expect(page.get_by_role("heading", name="token", exact=False).first).to_be_visible()
    assert f"{server.url}/api/v1/me" in asked
    assert {url for url in asked if not url.startswith((server.url, "data:"))} == set()
