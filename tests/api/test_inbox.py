"""The inbox over HTTP: whose a question is, in which form it is answered, and what it approves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.sql import call_row, connected
from tests.support.world import make_world

if TYPE_CHECKING:
    from tests.support.api import Server

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


async def test_the_inbox_is_filtered_answered_by_form_and_refuses_who_is_not_asked(
    server: Server, holdfast_url: str
) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "acme")
        who = {"supervisor_id": world.supervisor.id, "venture_id": world.venture_id,
               **world.supervisor.token._asdict()}  # fmt: skip
        form = await call_row(connection, "ask_question", message="How many?", schema=SCHEMA, action={"a": 1}, **who)  # fmt: skip
        owners = await call_row(connection, "ask_question", message="Sure?", audience={"role": "owner"}, **who)  # fmt: skip
    asked = {"status": "open", "order": "oldest"}
    async with server.client("operator") as client:
        everybodys = (await client.get("/api/v1/questions", params=asked)).json()["items"]
        ids = [row["id"] for row in everybodys]
        assert ids == sorted(ids)  # they begin with the time
        mine = (await client.get("/api/v1/questions", params={**asked, "mine": True})).json()["items"]  # fmt: skip
        assert set(ids) - {row["id"] for row in mine} == {str(owners["id"])}
        [told] = [row for row in mine if row["id"] == str(form["id"])]
        assert (told["response_schema"], told["is_mine"], told["action"]) == (SCHEMA, True, {"a": 1})  # fmt: skip

        path = f"/api/v1/questions/{form['id']}/answer"
        wrong = await client.post(path, json={"answer": {"n": "x"}})
        assert (wrong.status_code, "answer.n" in wrong.json()["detail"]) == (422, True)
        other = await client.post(path, json={"answer": {"n": 1}, "action_sha256": "0" * 64})
        assert other.json()["code"] == "HF009"
        right = await client.post(path, json={"answer": {"n": 1}, "action_sha256": told["action_sha256"]})  # fmt: skip
        assert right.status_code == 200, right.text
        refused = await client.post(f"/api/v1/questions/{owners['id']}/answer", json={"answer": 1})
        assert (refused.status_code, refused.json()["errors"]["audience"]) == (403, {"role": "owner"})  # fmt: skip

        interrupts = (await client.get("/api/v1/questions/interrupts")).json()
        assert "Sure?" in {one["message"] for one in interrupts}
        assert set(interrupts[-1]) == {"id", "reason", "message", "responseSchema", "expiresAt", "metadata"}  # fmt: skip
