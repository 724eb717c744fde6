"""A supervisor over HTTP: what a restoration would find, a save point, going back, another one, and having it restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.api import Server


async def test_a_supervisor_is_brought_back_over_http(server: Server) -> None:
    call, venture = server.engine.call, {"venture_id": server.venture_id}
    made = await server.engine.call_row("create_supervisor", name="harbour", handler="h", **venture)
    taken = await server.engine.call_row("claim_supervisors", holder="w", handlers=["h"], **venture)
    own = {"supervisor_id": made["id"], "epoch": taken["epoch"], "token": taken["token"], **venture}
    await call("update_supervisor_phase", phase="sound", **own)
    await call("begin_step", name="too far", **own)
    path = f"/api/v1/supervisors/{made['id']}"

    async with server.client("operator") as client, server.client("viewer") as viewer:

        async def do(action: str, **body: Any) -> Any:
            assert (await viewer.post(f"{path}/{action}", json=body)).status_code == 403
            answer = await client.post(f"{path}/{action}", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        told = (await viewer.get(f"{path}/restoration", params={"checkpoint": 1})).json()
        found = {each["finding"]: each["action"] for each in told["findings"]}
        assert (told["source"], told["outcome"], found["step_undone"]) == ("checkpoint", "went_on", "drop")  # fmt: skip

        await do("checkpoints", label="by hand")
        kept = (await viewer.get(f"{path}/checkpoints")).json()["items"]
        assert [(c["number"], c["reason"], c["label"]) for c in kept] == [(2, "person", "by hand"), (1, "phase", "sound")]  # fmt: skip
        assert kept[0]["standing"]["phase"] == "sound"

        fork = await do("fork", checkpoint=1, name="another way")
        other = (await viewer.get(f"/api/v1/supervisors/{fork['id']}")).json()
        assert (other["name"], other["forked_from"]) == ("another way", str(made["id"]))
        assert fork["undo"]["path"] == f"/api/v1/supervisors/{fork['id']}/stop"

        await do("rewind", checkpoint=1, reason="too far")
        row = (await viewer.get(path)).json()
        assert (row["state"], row["checkpoint"], row["pause_reason"]) == ("paused", 1, "too far")
        [step] = (await viewer.get(f"{path}/steps")).json()["items"]
        assert step["dropped_at"] is not None
        refused = await client.post(f"{path}/rewind", json={"checkpoint": 2})
        assert (refused.status_code, refused.json()["code"]) == (404, "HF003")

        await do("restore", reason="go on")
        await call("claim_supervisors", holder="w2", ids=[made["id"]], **venture)
        [restoration] = (await viewer.get(f"{path}/restorations")).json()["items"]
        assert (restoration["source"], restoration["outcome"], restoration["checkpoint"]) == ("manual", "went_on", 1)  # fmt: skip
