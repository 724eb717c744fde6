"""Who comes in, as what, and who does not."""

from __future__ import annotations

from tests.support.api import Server


async def test_a_token_says_who_its_bearer_is(server: Server) -> None:
    async with server.client("operator") as client:
        answer = await client.get("/api/v1/me")
    assert answer.status_code == 200, answer.text
    [venture] = answer.json()["ventures"]
    assert (answer.json()["user"], venture["slug"], venture["role"]) == (
        "token:operator",
        "acme",
        "operator",
    )
