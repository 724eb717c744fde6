"""Who comes in, as what, and who does not."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt
import pytest

from holdfast.api.credentials.secrets import digest
from holdfast.engine.postgres import PostgresEngine
from tests.support.api import Server, serving
from tests.support.callers import ROLES
from tests.support.sql import connected

SECRET = "a secret that only the tests and their server know"
ME = "/api/v1/me"


def token(**changed: Any) -> str:
    """A JWT as Supabase makes them."""
    claims = {
        "sub": "Ann",
        "aud": "authenticated",
        "role": "authenticated",
        "exp": time.time() + 60,
    }
    claims |= changed
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, SECRET, algorithm="HS256")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def ask(server: Server, path: str = ME, **options: Any) -> httpx2.Response:
    async with server.client(None) as client:
        return await client.get(path, **options)


async def refused(server: Server, told: str, **options: Any) -> None:
    answer = await ask(server, **options)
    assert answer.status_code == 401, answer.text
    assert told in answer.json()["detail"], answer.text
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("role", ROLES)
async def test_a_token_says_who_its_bearer_is(server: Server, role: str) -> None:
    answer = await ask(server, headers=server.headers(role))
    [venture] = answer.json()["ventures"]
    assert answer.json() | {"ventures": []} == {
        "user": f"token:{role}",
        "kind": "token",
        "ventures": [],
    }
    assert (venture["slug"], venture["role"]) == ("acme", role)


async def test_who_brings_nothing_is_told_how_to_come_in(server: Server) -> None:
    answer = await ask(server)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["hint"].endswith("holdfast token create")


async def test_a_token_that_is_not_whole_is_nobodys(server: Server) -> None:
    whole = server.tokens["owner"]
    swapped = server.tokens["viewer"][:25] + whole[25:]  # one's id with another's secret
    for text in (whole[:-1], whole + "x", swapped, "hf_", "hf_x", "hf_" + "é" * 22 + "_x"):
        answer = await ask(server, headers={"Authorization": f"Bearer {text}".encode()})
        assert answer.status_code == 401, text


async def test_a_revoked_token_is_refused_at_once(server: Server) -> None:
    async with server.client("owner") as owner:
        made = await owner.post("/api/v1/tokens?venture=acme", json={"name": "ci", "role": "agent"})
        assert made.status_code == 201, made.text
        text, token_id = made.json()["token"], made.json()["id"]
        assert (await ask(server, headers=bearer(text))).status_code == 200
        gone = await owner.post(f"/api/v1/tokens/{token_id}/revoke?venture=acme")
        assert gone.status_code == 204
        await refused(server, "was revoked", headers=bearer(text))
        again = await owner.post(f"/api/v1/tokens/{token_id}/revoke?venture=acme")
        assert (again.status_code, again.json()["code"]) == (409, "HF002")
        listed = (await owner.get("/api/v1/tokens?all=1")).json()["items"]
    assert [one["holds"] for one in listed if one["name"] == "ci"] == [False]


async def test_an_expired_token_is_refused(server: Server, holdfast_url: str) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    async with server.client("owner") as owner:
        new = {"name": "short", "expires_at": until.isoformat()}
        made = (await owner.post("/api/v1/tokens", json=new)).json()
        assert (await ask(server, headers=bearer(made["token"]))).status_code == 200
        async with connected(holdfast_url) as connection:
            await connection.execute(
                "update holdfast.api_tokens set created_at = created_at - interval '1 day',"
                " expires_at = expires_at - interval '1 day' where name = 'short'"
            )
        await refused(server, "has expired", headers=bearer(made["token"]))
        past = new | {"expires_at": (until - timedelta(days=2)).isoformat()}
        late = await owner.post("/api/v1/tokens", json=past)
    assert (late.status_code, late.json()["code"]) == (422, "HF005")


@pytest.mark.parametrize("role", ["viewer", "agent", "operator"])
async def test_only_an_owner_makes_and_revokes_tokens(server: Server, role: str) -> None:
    async with server.client(role) as client:
        made = await client.post("/api/v1/tokens", json={"name": "mine", "role": "owner"})
        listed = (await client.get("/api/v1/tokens")).json()["items"]
        gone = await client.post(f"/api/v1/tokens/{listed[0]['id']}/revoke")
    assert (made.status_code, gone.status_code, len(listed)) == (403, 403, len(ROLES))
    assert not any(name in str(listed) for name in ("digest", "secret"))


async def test_the_database_keeps_no_secret(server: Server) -> None:
    rows = await server.engine.read("api_tokens", server.venture_id, True)
    assert len(rows) == len(ROLES)
    secret = server.tokens["owner"][26:]
    found = await server.engine.call("check_api_token", id=rows[0]["id"], digest=digest(secret))
    assert [row["name"] for row in found] == ["owner"]
    assert secret not in str([dict(row) for row in rows])


# JWTs that somebody else signed.


async def test_a_supabase_token_is_what_the_members_table_says(engine: PostgresEngine) -> None:
    async with serving(engine, api_jwt_secret=SECRET) as server:
        before = await ask(server, headers=bearer(token()))
        assert before.json() == {"user": "Ann", "kind": "jwt", "ventures": []}
        await engine.call(
            "set_member", user_id="Ann", role="operator", venture_id=server.venture_id
        )
        [venture] = (await ask(server, headers=bearer(token()))).json()["ventures"]
    assert (venture["slug"], venture["role"]) == ("acme", "operator")


async def test_a_token_is_also_taken_from_the_header_apikey(engine: PostgresEngine) -> None:
    async with serving(engine, api_jwt_secret=SECRET) as server:
        assert (await ask(server, headers={"apikey": token()})).json()["user"] == "Ann"
        service = token(sub=None, role="service_role")
        assert (await ask(server, headers={"apikey": service})).json()["user"] == "service_role"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "exp"),
        ({"aud": "somebody-else"}, "Audience"),
        ({"aud": None}, "aud"),
        ({"sub": None}, "sub"),
        ({"role": "anon"}, "anon"),
        ({"role": "postgres"}, "postgres"),
        ({"nbf": 99999999999}, "not yet valid"),
    ],
)
async def test_a_jwt_that_does_not_hold_is_refused(
    engine: PostgresEngine, changed: dict[str, Any], told: str
) -> None:
    async with serving(engine, api_jwt_secret=SECRET) as server:
        await refused(server, told, headers=bearer(token(**changed)))


async def test_a_jwt_without_a_true_signature_is_refused(engine: PostgresEngine) -> None:
    claims = {"sub": "Ann", "aud": "authenticated", "exp": time.time() + 60}
    unsigned = jwt.encode(claims, "", algorithm="none")
    other_key = jwt.encode(claims, SECRET[::-1], algorithm="HS256")
    other_algorithm = jwt.encode(claims, SECRET * 2, algorithm="HS512")
    head, body, signature = token().split(".")
    async with serving(engine, api_jwt_secret=SECRET) as server:
        await refused(server, "none", headers=bearer(unsigned))
        await refused(server, "Signature", headers=bearer(other_key))
        await refused(server, "HS512", headers=bearer(other_algorithm))
        await refused(server, "ignature", headers=bearer(f"{head}.{body[:-2]}AA.{signature}"))
        await refused(server, "not valid", headers=bearer(f"{head}.{body}."))
        await refused(server, "not valid", headers=bearer("a.b.c"))


async def test_a_server_that_was_told_of_no_key_takes_no_jwt(server: Server) -> None:
    await refused(server, "signed with HS256", headers=bearer(token()))


async def test_a_jwt_cannot_give_itself_every_venture(engine: PostgresEngine) -> None:
    async with serving(engine, api_jwt_secret=SECRET) as server:
        answer = await ask(server, headers=bearer(token(everywhere="owner")))
    assert answer.json()["ventures"] == []


# Tickets and cookies.


async def test_a_ticket_is_good_for_one_time_at_whichever_gateway(engine: PostgresEngine) -> None:
    async with serving(engine) as one, serving(engine, venture="other") as other:
        async with one.client("agent") as client:
            ticket = (await client.post("/api/v1/tickets")).json()["ticket"]
        answer = await ask(other, f"{ME}?ticket={ticket}")
        assert answer.json()["user"] == "token:agent"
        for server in (one, other):
            answer = await ask(server, f"{ME}?ticket={ticket}")
            assert answer.status_code == 401
            assert "used already" in answer.json()["detail"]


async def test_a_sign_in_link_is_good_for_one_browser_and_its_cookie_for_all_gateways(
    engine: PostgresEngine,
) -> None:
    async with serving(engine) as one, serving(engine, venture="other") as other:
        path = await one.sign_in_path()
        async with other.client(None) as browser:
            assert (await ask(one, f"{ME}{path.removeprefix('/sign-in')}")).status_code == 401
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            cookie = answer.headers["set-cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=strict" in cookie
            assert "Secure" not in cookie
            me = (await browser.get(ME)).json()
            assert [v["slug"] for v in me["ventures"]] == ["acme", "default", "other"]
            assert {v["role"] for v in me["ventures"]} == {"owner"}
            value = browser.cookies["holdfast_session"]
            again = await browser.get(path)
            assert again.status_code == 401
            assert "holdfast sign-in" in again.text
        at_one = await ask(one, headers={"Cookie": f"holdfast_session={value}"})
        assert at_one.json() == me
        broken = await ask(one, headers={"Cookie": f"holdfast_session={value[:-3]}AAA"})
        assert broken.status_code == 401
        # a cookie is no bearer's token
        assert (await ask(one, headers=bearer(value))).status_code == 401


async def test_behind_a_proxy_with_tls_the_cookie_travels_over_tls_only(server: Server) -> None:
    answer = await ask(server, await server.sign_in_path(), headers={"X-Forwarded-Proto": "https"})
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "origin", [None, "https://evil.example", "null", "http://localhost:1", "http://127.0.0.1"]
)
async def test_a_page_of_another_origin_changes_nothing_with_the_browsers_cookie(
    server: Server, origin: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    async with server.client(None) as browser:
        await browser.get(await server.sign_in_path())
        answer = await browser.post("/api/v1/tickets", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "HF007")
        allowed = await browser.post("/api/v1/tickets", headers={"Origin": server.url})
        assert allowed.status_code == 201
        assert (await browser.post("/sign-out", headers={"Origin": server.url})).status_code == 204
        assert (await browser.get(ME)).status_code == 401


async def test_a_foreign_page_reads_nothing_unless_the_settings_name_it(
    engine: PostgresEngine,
) -> None:
    origin = "https://app.example.com"
    async with serving(engine, api_origins=(origin,)) as server:
        for asking, allowed in ((origin, origin), ("https://evil.example", None)):
            answer = await ask(server, headers=server.headers("viewer") | {"Origin": asking})
            assert answer.headers.get("access-control-allow-origin") == allowed
