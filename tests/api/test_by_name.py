"""Functions and views by their own names, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.support.api import Server
from tests.support.catalogue import public_functions
from tests.support.repertoire import CALLS, WITHOUT_VENTURE
from tests.support.sql import connected
from tests.support.world import make_world

FOR_USERS = {"visible_ventures", "ventures_with", "feed_epoch", "feed_floor"}


def json_of(value: Any) -> Any:
    match value:
        case bytes():
            return f"\\x{value.hex()}"
        case dict():
            return {name: json_of(one) for name, one in value.items()}
        case list():
            return [json_of(one) for one in value]
        case None | bool() | int() | float() | str():
            return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


async def call(client: httpx2.AsyncClient, function: str, /, **arguments: Any) -> httpx2.Response:
    return await client.post(f"/rpc/{function}", json=json_of(arguments))


async def test_every_function_that_requests_may_call_is_there(server: Server) -> None:
    async with connected(server.engine.url) as connection:
        expected = {function.name for function in await public_functions(connection)}
    async with server.client() as client:
        for name in sorted(expected):
            answer = await call(client, name, no_such_argument=1)
            assert "has no argument" in answer.json()["detail"], name


async def test_a_function_takes_json_and_answers_like_postgrest(server: Server) -> None:
    async with server.client("agent") as client:
        value = await call(client, "add_directive", sd_key="SD-1", title="one", priority=3)
        assert value.status_code == 200
        assert isinstance(value.json(), str)
        named = await call(client, "start_session", p_session_id="s")
        [session] = named.json()
        assert {"epoch", "token"} <= session.keys()
        both = await client.post(
            "/rest/v1/rpc/start_session",
            json={"p_session_id": "t"},
            headers={"Accept": "application/vnd.pgrst.object+json"},
        )
        assert both.json()["epoch"] == 1


async def test_every_function_refuses_a_foreign_venture(server: Server) -> None:
    async with connected(server.engine.url) as connection:
        foreign = await make_world(connection, "foreign")
    async with server.client("owner") as client:
        for name, one in CALLS.items():
            answer = await call(client, name, **one.fenced(foreign))
            assert (answer.status_code, answer.json()["code"]) == (403, "HF007"), name
        by_slug = await client.post("/rpc/reap?venture=foreign", json={})
        by_nothing = await client.post("/rpc/reap?venture=no-such", json={})
    assert by_slug.status_code == by_nothing.status_code == 403
    assert by_slug.json()["detail"].replace("foreign", "") == by_nothing.json()["detail"].replace("no-such", "")  # fmt: skip


async def test_what_names_no_venture_is_not_for_users(server: Server) -> None:
    async with server.client("owner") as client:
        for name in sorted(WITHOUT_VENTURE.keys() - FOR_USERS):
            answer = await call(client, name, **WITHOUT_VENTURE[name])
            assert (answer.status_code, answer.json().get("code")) == (403, "HF007"), name


@pytest.mark.parametrize("relation", ["directives", "v_directives", "events", "v_executions"])
async def test_a_view_shows_the_callers_ventures_only(server: Server, relation: str) -> None:
    async with connected(server.engine.url) as connection:
        worlds = [await make_world(connection, slug) for slug in ("acme", "foreign")]
    async with server.client("viewer") as client:
        rows = (await client.get(f"/rest/v1/{relation}?select=venture_id")).json()
        narrowed = await client.get(f"/rest/v1/{relation}?venture_id=eq.{worlds[1].venture_id}")
    assert {row["venture_id"] for row in rows} == {str(server.venture_id)}
    assert narrowed.json() == []


@pytest.mark.parametrize(
    "name", ["pg_proc", "pg_catalog.pg_proc", "api_key", "api_tickets", "migrations", "act", "%27"]
)
async def test_nothing_else_can_be_read_or_called(server: Server, name: str) -> None:
    async with server.client("owner") as client:
        read = await client.get(f"/rest/v1/{name}")
        called = await client.post(f"/rest/v1/rpc/{name}", json={})
    assert (read.status_code, called.status_code) == (404, 404)
    assert read.json().keys() == {"code", "message", "details", "hint"}


async def test_digests_of_tokens_cannot_be_read(server: Server) -> None:
    async with server.client("owner") as client:
        assert (await client.get("/rest/v1/api_tokens?select=digest")).status_code == 422
        rows = (await client.get("/rest/v1/api_tokens")).json()
    assert len(rows) == 4
    assert all("digest" not in row for row in rows)


FILTERS = [
    ("priority=eq.2", ["SD-2"]),
    ("priority=neq.2", ["SD-1", "SD-3", "SD-4"]),
    ("priority=gt.2", ["SD-3", "SD-4"]),
    ("priority=gte.2&priority=lt.4", ["SD-2", "SD-3"]),
    ("priority=lte.1", ["SD-1"]),
    ('sd_key=in.(SD-1,"SD-3")', ["SD-1", "SD-3"]),
    ("sd_key=in.()", []),
    ("sd_key=not.in.(SD-1)", ["SD-2", "SD-3", "SD-4"]),
    ("ended_at=is.null&limit=2", ["SD-1", "SD-2"]),
    ("ended_at=not.is.null", []),
    ("order=sd_key.desc&limit=2&offset=1", ["SD-3", "SD-2"]),
    ("title=eq.it's; drop table x--", ["SD-4"]),
    ("status=eq.draft&select=sd_key", ["SD-1", "SD-2", "SD-3", "SD-4"]),
]


@pytest.fixture
async def directives(server: Server) -> Server:
    for number, title in enumerate(("a", "b", "c", "it's; drop table x--"), start=1):
        await server.engine.call(
            "add_directive",
            sd_key=f"SD-{number}",
            title=title,
            priority=number,
            venture_id=server.venture_id,
        )
    return server


@pytest.mark.parametrize(("query", "keys"), FILTERS)
async def test_the_simple_filters(directives: Server, query: str, keys: list[str]) -> None:
    order = "" if "order" in query else "&order=sd_key"
    async with directives.client("viewer") as client:
        answer = await client.get(f"/rest/v1/directives?{query}{order}")
    assert answer.status_code == 200, answer.text
    assert [row["sd_key"] for row in answer.json()] == keys


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("no_such=eq.1", "has no column no_such"),
        ("select=sd_key,count(*)", "is no column"),
        ("select=no_such", "has no column"),
        ("order=sd_key;drop", "has no column"),
        ("order=sd_key.sideways", "is no order"),
        ("priority=2", "is no condition"),
        ("priority=like.2", "is no condition"),
        ("priority=eq.two", "invalid input syntax"),
        ("ended_at=is.maybe", "is takes"),
        ("sd_key=in.SD-1", "is no list"),
        ("limit=-1", "is no number"),
        ("limit=1e9", "is no number"),
    ],
)
async def test_what_is_not_understood_is_said(directives: Server, query: str, told: str) -> None:
    async with directives.client("viewer") as client:
        answer = await client.get(f"/rest/v1/directives?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "HF005")
    assert told in answer.json()["message"]


async def test_rows_are_counted_where_the_client_asks_for_it(directives: Server) -> None:
    exact = {"Prefer": "count=exact", "Range": "1-2"}
    async with directives.client("viewer") as client:
        some = await client.get("/rest/v1/directives?order=sd_key", headers=exact)
        none = await client.get("/rest/v1/directives?offset=9")
        head = await client.head("/rest/v1/directives", headers={"Prefer": "count=exact"})
    assert (some.status_code, some.headers["content-range"]) == (206, "1-2/4")
    assert none.headers["content-range"] == "*/*"
    assert (head.headers["content-range"], head.content) == ("0-3/4", b"")


@pytest.mark.parametrize("body", ["[]", "1", "null", '"a"', "{", "{'a':1}", "\xff", "[" * 5000])
async def test_a_body_that_is_no_object_is_refused(server: Server, body: str) -> None:
    async with server.client("agent") as client:
        answer = await client.post("/rpc/add_directive", content=body.encode("latin-1"))
    assert (answer.status_code, answer.json()["code"]) == (422, "HF005")


async def test_a_value_of_another_type_is_the_callers_mistake(server: Server) -> None:
    async with server.client("agent") as client:
        for wrong in ({"session_id": {"a": 1}, "epoch": "x", "token": "y"}, {"session_id": "s", "epoch": 1, "token": "no uuid"}):  # fmt: skip
            answer = await call(client, "save_session", **wrong)
            assert (answer.status_code, answer.json()["code"]) == (422, "HF005"), answer.text
        text = await call(client, "start_session", session_id="nul \0 byte")
        assert text.status_code == 422
