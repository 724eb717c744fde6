"""A supervisor that a worker runs, paused and resumed by a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.workers import rows_of, until, worker

if TYPE_CHECKING:
    from tests.support.api import Server


async def test_a_running_supervisor_is_paused_and_goes_on_from_what_it_kept(
    server: Server, tmp_path: Path
) -> None:
    created = await server.engine.call_row(
        "create_supervisor",
        name="wait", handler="wait", input={"file": str(tmp_path / "there")}, venture_id=server.venture_id,
    )  # fmt: skip
    path = f"/api/v1/supervisors/{created['id']}"
    async with rows_of(server.engine.url) as rows, server.client("operator") as client:
        with worker(server.engine.url, venture="acme"):
            await until(lambda: rows.events(created["id"], "supervisor.step_completed"))
            paused = await client.post(f"{path}/pause", json={"reason": "not now"})
            assert paused.status_code == 200, paused.text
            (tmp_path / "there").touch()  # what it waits for comes while it is paused
            resumed = await client.post(f"{path}/resume", json={})
            assert resumed.status_code == 200, resumed.text
            await until(lambda: rows.events(created["id"], "supervisor.completed"))
        row = (await client.get(path)).json()
        steps = (await client.get(f"{path}/steps")).json()["items"]
        [restoration] = (await client.get(f"{path}/restorations")).json()["items"]
    assert (row["state"], row["result"]) == ("completed", "done")
    assert restoration["source"] == "manual"
    assert [(step["name"], step["attempt"]) for step in steps] == [("begin", 1)]
