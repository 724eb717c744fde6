"""Tenants are walls over HTTP: every resource × every role × a foreign venture. A new route is tested by being there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.routing import APIRoute

from holdfast.api import resources
from tests.support.callers import ROLES
from tests.support.sql import connected, snapshot
from tests.support.world import DIRECTIVE, IDLER, SESSION, World, Worlds

if TYPE_CHECKING:
    from tests.support.api import Server

ROUTES = [
    (method, route.path)
    for router in resources.ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
]
READS = [path for method, path in ROUTES if method == "GET"]
WRITES = [path for method, path in ROUTES if method == "POST"]
# The others need an operator.
FOR_AGENTS = {"/api/v1/executions", "/api/v1/plans", "/api/v1/directives"}

# A body under which each write would go through.
BODY: dict[str, Any] = {
    "reason": "why",
    "answer": "yes",
    "name": "new",
    "sd_key": "SD-NEW",
    "title": "new",
    "phase": "EXEC",
    "steps": [{"id": "only"}],
    "checkpoint": 1,
    "to_step": "running",
}


def _body(path: str) -> dict[str, Any]:
    return BODY | ({"session_id": IDLER} if path.endswith("/take-over") else {})


@pytest.fixture
def holdfast_url(worlds_url: str) -> str:
    """What the server is in front of."""
    return worlds_url


def _filled(path: str, world: World) -> str:
    """The path with the ids of a world's rows; a list needs none, and `holders` its parameters."""
    there = {
        "execution_id": world.failed_execution if path.endswith("/retry") else world.execution.id,
        "supervisor_id": world.paused_supervisor
        if path.endswith("/resume")
        else world.supervisor.id,
        "plan_id": world.steered_plans["checked"]
        if path.endswith(("/resume", "/tick"))
        else world.plan_id,
        "condition_id": "ticked",
        "question_id": world.open_question,
        "session_id": SESSION,
        "directive": DIRECTIVE,
    }
    filled = re.sub(r"\{(\w+)(?::path)?\}", lambda found: str(there[found[1]]), path)
    return f"{filled}?directive={DIRECTIVE}&at=2999-01-01T00:00:00Z"


def _names_a_row(path: str) -> bool:
    return "{" in path and "directive" not in path and "session_id" not in path


def test_every_resource_is_tested_here() -> None:
    assert {method for method, _ in ROUTES} == {"GET", "POST"}
    assert len(READS) > 20
    assert len(WRITES) > 14


@pytest.mark.parametrize("role", ROLES)
async def test_whoever_has_a_role_elsewhere_reads_and_changes_nothing_here(
    server: Server, holdfast_url: str, worlds: Worlds, role: str
) -> None:
    foreign = worlds.foreign
    async with connected(holdfast_url) as connection:
        before = await snapshot(connection)
        async with server.client(role) as client:
            for method, path in ROUTES:
                url = _filled(path, foreign)
                named = f"{url}&venture=foreign"
                answer = await client.request(method, named, json=_body(path))
                assert answer.status_code == 403, f"{method} {path}: {answer.text}"
                if _names_a_row(path):
                    answer = await client.request(method, url, json=_body(path))
                    # Whoever may not do it here at all is told that, which says nothing of the row.
                    assert answer.status_code in {403, 404}, f"{method} {path}: {answer.text}"
                    assert "foreign" not in answer.text
        assert await snapshot(connection) == before


async def test_a_viewer_reads_every_resource(server: Server, worlds: Worlds) -> None:
    world = worlds.ours
    async with server.client("viewer") as client:
        for path in READS:
            answer = await client.get(_filled(path, world))
            assert answer.status_code == 200, f"{path}: {answer.text}"
            assert await _anonymous(server, "GET", _filled(path, world)) == 401


async def test_who_has_too_low_a_role_changes_nothing(
    server: Server, holdfast_url: str, worlds: Worlds
) -> None:
    world = worlds.ours
    async with connected(holdfast_url) as connection:
        before = await snapshot(connection)
        for role in ("viewer", "agent"):
            async with server.client(role) as client:
                for path in WRITES:
                    if role == "agent" and path in FOR_AGENTS:
                        continue
                    answer = await client.post(_filled(path, world), json=_body(path))
                    assert answer.status_code == 403, f"{role} {path}: {answer.text}"
                    assert answer.json()["code"] == "HF007"
        for path in WRITES:
            assert await _anonymous(server, "POST", _filled(path, world)) == 401
        assert await snapshot(connection) == before


@pytest.mark.parametrize("path", WRITES)
async def test_the_lowest_role_that_may_does(
    server: Server, holdfast_url: str, worlds: Worlds, path: str
) -> None:
    world = worlds.ours
    if path.endswith("/unblock"):
        async with connected(holdfast_url) as connection:
            await connection.execute(
                "update holdfast.directives set status = 'blocked', blocked_reason = 'x' where venture_id = $1 and sd_key = $2",
                world.venture_id,
                DIRECTIVE,
            )
    async with server.client("agent" if path in FOR_AGENTS else "operator") as client:
        answer = await client.post(_filled(path, world), json=_body(path))
    assert answer.status_code in {200, 201}, answer.text


async def _anonymous(server: Server, method: str, url: str) -> int:
    async with server.client(None) as client:
        return (await client.request(method, url, json={})).status_code
