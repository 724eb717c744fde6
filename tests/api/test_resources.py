"""Every noun over HTTP: what is read, what is done to it, and how that is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.support.sql import connected
from tests.support.world import DIRECTIVE, FREE_DIRECTIVE, IDLER, SESSION, World, make_world

if TYPE_CHECKING:
    from tests.support.api import Server


@pytest.fixture
async def world(server: Server, holdfast_url: str) -> World:
    """One of everything in the server's venture."""
    async with connected(holdfast_url) as connection:
        return await make_world(connection, "acme")


async def _get(client: httpx2.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _post(client: httpx2.AsyncClient, path: str, body: Any = None, **headers: str) -> Any:
    answer = await client.post(f"/api/v1/{path}", json=body or {}, headers=headers)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def _undo(client: httpx2.AsyncClient, done: Any) -> Any:
    undo = done["undo"]
    answer = await client.request(undo["method"], undo["path"], json=undo["body"])
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def test_the_overview_counts_what_waits_and_what_works(server: Server, world: World) -> None:
    async with server.client("viewer") as client:
        before = await _get(client, "overview")
    async with server.client("operator") as client:
        await _post(client, f"questions/{world.open_question}/answer", {"answer": "yes"})
    async with server.client("viewer") as client:
        after = await _get(client, "overview")
    assert (before["needs_you"], after["needs_you"]) == (1, 0)
    assert before["cursor"] != after["cursor"]


async def test_lists_are_filtered_by_state(server: Server, world: World) -> None:
    async with server.client("viewer") as client:
        running = await _get(client, "executions", status="running")
        assert {row["status"] for row in running["items"]} == {"running"}
        failed = await _get(client, "executions", status="failed")
        assert {row["status"] for row in failed["items"]} == {"failed"}
        assert str(world.failed_execution) in [row["id"] for row in failed["items"]]
        own = await _get(client, "executions", supervisor_id=str(world.runner.id))
        assert {row["supervisor_id"] for row in own["items"]} == {str(world.runner.id)}
        named = await _get(client, "directives", q="hel")
        assert [row["sd_key"] for row in named["items"]] == [DIRECTIVE]
        paused = await _get(client, "supervisors", state="paused")
        assert [row["id"] for row in paused["items"]] == [str(world.paused_supervisor)]
        over = await _get(client, "sessions", state="ended")
        assert [row["session_id"] for row in over["items"]] == ["session-2"]


async def test_what_nobody_holds_is_told_apart_from_what_is_at_work(
    server: Server, world: World, holdfast_url: str
) -> None:
    async with server.client("viewer") as client:
        [first, *others] = [row["id"] for row in await _running(client, interrupted=False)]
        async with connected(holdfast_url) as connection:
            await connection.execute(
                "update holdfast.agent_executions set lease_expires_at = holdfast.now(),"
                " lease_token = gen_random_uuid() where id = $1",
                first,
            )
        assert [row["id"] for row in await _running(client, interrupted=True)] == [first]
        assert [row["id"] for row in await _running(client, interrupted=False)] == others


async def _running(client: httpx2.AsyncClient, **params: Any) -> Any:
    return (await _get(client, "executions", status="running", **params))["items"]


async def test_an_unknown_state_is_refused_with_the_known_ones(server: Server) -> None:
    async with server.client("viewer") as client:
        answer = await client.get("/api/v1/executions?status=done")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "'pending', 'running'" in answer.json()["detail"]


async def test_a_plans_steps_show_gate_and_evidence(server: Server, world: World) -> None:
    async with server.client("viewer") as client:
        steps = (await _get(client, f"plans/{world.plan_id}/steps"))["items"]
    by_key = {step["step_key"]: step for step in steps}
    assert by_key["gated"]["gate"]["message"] == "go on?"
    assert by_key["gated"]["gate"]["answer"] == "yes"
    assert by_key["ready"]["gate"] is None
    assert by_key["verifying"]["evidence"] is None  # it has run, and nobody has recorded it yet


async def test_what_has_not_changed_is_not_sent_again(server: Server, world: World) -> None:
    path = f"/api/v1/directives/{DIRECTIVE}"
    async with server.client("operator") as client:
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        await _post(client, f"directives/{DIRECTIVE}/move", {"phase": "EXEC"})
        later = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert later.status_code == 200
        assert later.headers["etag"] != first.headers["etag"]


async def test_who_decided_on_something_older_is_told(server: Server, world: World) -> None:
    async with server.client("operator") as client:
        read = await client.get(f"/api/v1/directives/{DIRECTIVE}")
        tag = read.headers["etag"]
        await _post(client, f"directives/{DIRECTIVE}/move", {"phase": "EXEC"}, **{"If-Match": tag})
        late = await client.post(
            f"/api/v1/directives/{DIRECTIVE}/cancel", json={}, headers={"If-Match": tag}
        )
    assert late.status_code == 412
    assert late.json()["code"] == "HF009"
    assert late.json()["hint"] == "Read it again, and decide anew."


async def test_a_request_with_a_key_is_done_once(server: Server) -> None:
    key = {"Idempotency-Key": "one"}
    async with server.client("agent") as client:
        first = await _post(client, "executions", {"name": "n", "kind": "command"}, **key)
        again = await _post(client, "executions", {"name": "n", "kind": "command"}, **key)
        assert (first["id"], first["repeated"], again["repeated"]) == (again["id"], False, True)
        assert len((await _get(client, "executions"))["items"]) == 1
        other = await client.post("/api/v1/executions", json={"name": "m"}, headers=key)
    assert other.status_code == 422
    assert "came with another request before" in other.json()["detail"]


async def test_a_directive_is_blocked_and_that_is_taken_back(server: Server, world: World) -> None:
    async with server.client("operator") as client:
        done = await _post(client, f"directives/{DIRECTIVE}/block", {"reason": "no budget"})
        blocked = await _get(client, f"directives/{DIRECTIVE}")
        assert (blocked["status"], blocked["blocked_reason"], blocked["held_by"]) == (
            "blocked",
            "no budget",
            None,
        )
        await _undo(client, await _undo(client, await _undo(client, done)))
        assert (await _get(client, f"directives/{DIRECTIVE}"))["status"] == "active"


async def test_a_directive_is_taken_over_and_that_is_taken_back(
    server: Server, world: World
) -> None:
    take = {"session_id": IDLER, "reason": "it is stuck"}
    async with server.client("operator") as client:
        done = await _post(client, f"directives/{DIRECTIVE}/take-over", take)
        assert (await _get(client, f"directives/{DIRECTIVE}"))["held_by"] == IDLER  # fmt: skip
        released = await _undo(client, done)
        assert (await _get(client, f"directives/{DIRECTIVE}"))["held_by"] is None
        await _undo(client, released)
        assert (await _get(client, f"directives/{DIRECTIVE}"))["held_by"] == IDLER
        [newest, *_] = (await _get(client, f"sessions/{IDLER}/claims"))["items"]
        assert (newest["sd_key"], newest["mechanism"], newest["ended_at"]) == (
            DIRECTIVE,
            "assigned",
            None,
        )


async def test_a_session_that_holds_nothing_is_released_of_nothing(
    server: Server, world: World
) -> None:
    async with server.client("operator") as client:
        answer = await client.post(f"/api/v1/sessions/{IDLER}/release", json={"reason": "x"})
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"The session {IDLER} holds nothing."


async def test_a_supervisor_is_paused_resumed_and_stopped(server: Server, world: World) -> None:
    path = f"supervisors/{world.supervisor.id}"
    async with server.client("operator") as client:
        done = await _post(client, f"{path}/pause", {"reason": "the model is down"})
        paused = await _get(client, path)
        assert (paused["state"], paused["paused_by"], paused["pause_reason"]) == (
            "paused",
            "token:operator",
            "the model is down",
        )
        await _undo(client, done)
        assert (await _get(client, path))["paused_at"] is None
        await _post(client, f"{path}/stop", {"reason": "enough"})
        stopped = await _get(client, path)
        assert stopped["error_message"] == "Stopped by token:operator: enough."


async def test_a_cancelled_execution_is_done_again(server: Server, world: World) -> None:
    async with server.client("operator") as client:
        done = await _post(client, f"executions/{world.pending_execution}/cancel")
        again = await _undo(client, done)
        row = await _get(client, f"executions/{again['id']}")
        assert (row["retry_of"], row["status"]) == (str(world.pending_execution), "pending")
        await _undo(client, again)
        assert (await _get(client, f"executions/{again['id']}"))["status"] == "cancelled"


async def test_who_held_it_then_is_told_from_the_events(server: Server, world: World) -> None:
    async with server.client("operator") as client:
        take = {"session_id": IDLER, "reason": "it is stuck"}
        await _post(client, f"directives/{FREE_DIRECTIVE}/take-over", take)
        await _post(client, f"sessions/{IDLER}/release", {"reason": "it sleeps"})
        [claim] = (await _get(client, f"sessions/{IDLER}/claims"))["items"]
        held = await _get(client, "holders", directive=FREE_DIRECTIVE, at=claim["claimed_at"])
        assert (held["holder"]["session_id"], held["holder"]["ended_by"]) == (
            IDLER,
            "directive.released",
        )
        before = await _get(client, "holders", directive=FREE_DIRECTIVE, at="2020-01-01T00:00:00Z")
        after = await _get(client, "holders", directive=FREE_DIRECTIVE, at=claim["ended_at"])
        assert (before["holder"], after["holder"]) == (None, None)


async def test_a_log_is_read_from_either_end_and_searched(server: Server, world: World) -> None:
    log = f"executions/{world.execution.id}/logs"
    epoch, token = world.execution.token
    messages = [f"line {i}" for i in range(2, 12)]
    await server.engine.call(
        "append_logs",
        execution_ids=[world.execution.id] * 10, epochs=[epoch] * 10, tokens=[token] * 10,
        levels=["info"] * 9 + ["error"], messages=messages, venture_id=world.venture_id,
    )  # fmt: skip
    async with server.client("viewer") as client:
        newest = await _get(client, log, limit=3)
        assert [one["line"] for one in newest["items"]] == [11, 10, 9]
        older = await _get(client, log, limit=3, after=newest["next"])
        assert [one["line"] for one in older["items"]] == [8, 7, 6]
        oldest = await _get(client, log, limit=2, order="oldest", after=1)
        assert [one["line"] for one in oldest["items"]] == [2, 3]
        assert [one["line"] for one in (await _get(client, log, level="warning"))["items"]] == [11]
        assert [one["line"] for one in (await _get(client, log, q="LINE 1"))["items"]] == [11, 10]


async def test_a_refusal_names_the_holder_and_the_next_step(server: Server, world: World) -> None:
    async with server.client("operator") as client:
        answer = await client.post(
            f"/api/v1/directives/{DIRECTIVE}/take-over",
            json={"session_id": SESSION, "reason": "x"},
        )
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "HF004")
    assert problem["hint"] == "There is nothing to take over."
    assert problem["errors"]["holder"] == SESSION


async def test_a_plan_is_made_with_its_steps(server: Server) -> None:
    steps = [{"id": "a", "agent": "command", "command": ["true"]}, {"id": "b", "needs": ["a"]}]
    async with server.client("agent") as client:
        done = await _post(client, "plans", {"name": "two", "steps": steps})
        made = (await _get(client, f"plans/{done['id']}/steps"))["items"]
    assert [(step["step_key"], step["needs"]) for step in made] == [("a", []), ("b", ["a"])]


@pytest.mark.parametrize("noun", ["executions", "sessions", "plans"])
async def test_a_list_shows_how_far_each_is_if_it_is_asked(
    server: Server, world: World, noun: str
) -> None:
    async with server.client("viewer") as client:
        plain = (await _get(client, noun))["items"]
        assert {row["eta"] for row in plain} == {None}
        measured = (await _get(client, noun, eta=1))["items"]
        assert [row["id"] for row in measured] == [row["id"] for row in plain]
        for row in measured:
            alone = await _get(client, f"{noun}/{row['id']}/progress")
            assert alone["percent"] == row["eta"]["percent"]
            assert alone["basis"] == row["eta"]["basis"]


async def test_who_follows_the_feed_is_listed(server: Server, world: World) -> None:
    async with server.client("viewer") as client:
        [follower] = (await _get(client, "subscriptions"))["items"]
    assert (follower["transport"], follower["scope"]) == ("websocket", {})
