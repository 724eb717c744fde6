"""Calls and reads through a server are those of the database: the same values, the same refusals, once each."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import holdfast
from holdfast.client import Holdfast, connect
from holdfast.config import Settings
from holdfast.engine.http import HttpEngine
from holdfast.engine.postgres import PostgresEngine
from holdfast.engine.public import READABLE
from holdfast.engine.wire import pack, pack_rows, unpack, unpack_rows
from holdfast.errors import (
    AlreadyClaimed,
    ConfigError,
    DatabaseUnavailable,
    InvalidValue,
    LeaseLost,
    NotAllowed,
    NotAuthenticated,
    NotFound,
)
from tests.support.api import VENTURE, Server, serving
from tests.support.network import network_to

ROOT = Path(holdfast.__file__).parent
# Of `holdfast up` and `holdfast token`, which are on the database itself.
ON_THE_DATABASE = {
    "tail",
    "feed_batch",
    "tail_batch",
    "feed_patience",
    "feed_as_user",
    "api_tokens",
    "any_api_token",
}


async def test_an_execution_runs_through_a_server_as_it_does_on_the_database(
    hf: Holdfast, server: Server
) -> None:
    async with hf.execution("market research", steps=2, venture=VENTURE) as run:
        for name in run.track(["one", "two"]):
            run.log("reading", source=name)
        await run.meter(input_tokens=10)
        run.result = {"found": [1, 2]}
    venture_id = await hf.venture_id()
    [there] = await hf.engine.read("execution", venture_id, run.id)
    [here] = await server.engine.read("execution", venture_id, run.id)
    assert dict(there) == dict(here)
    assert (there["status"], there["progress"], there["result"]) == (
        "completed",
        Decimal(100),
        {"found": [1, 2]},
    )
    assert isinstance(there["started_at"], datetime)
    assert isinstance(there["id"], UUID)
    lines = await hf.engine.read("execution_logs", venture_id, run.id, 10)
    assert [line["data"] for line in lines] == [{"source": "one"}, {"source": "two"}]


async def test_a_refusal_is_the_same_error_with_its_hint_and_detail(
    hf: Holdfast, server: Server
) -> None:
    local = server.engine.as_user({"sub": "Ann", "ventures": {str(server.venture_id): "owner"}})
    told = []
    for engine in (hf.engine, local):
        with pytest.raises(NotFound) as error:
            await engine.call("claim_directive", session_id="none", epoch=1, token=uuid4(), sd_key="SD-1", venture_id=server.venture_id)  # fmt: skip
        told.append((error.value.message, error.value.hint, error.value.detail))
    assert told[0] == told[1]


async def test_who_holds_it_is_told_through_a_server_too(hf: Holdfast) -> None:
    venture_id = await hf.venture_id()
    await hf.engine.call(
        "add_directive", sd_key="SD-1", title="a", status="active", venture_id=venture_id
    )
    leases = {}
    for name in ("one", "two"):
        leases[name] = await hf.engine.call_row(
            "start_session", session_id=name, venture_id=venture_id
        )
    fences = {
        name: {"session_id": name, "epoch": row["epoch"], "token": row["token"]}
        for name, row in leases.items()
    }
    await hf.engine.call("claim_directive", **fences["one"], sd_key="SD-1", venture_id=venture_id)
    with pytest.raises(AlreadyClaimed, match="one") as refused:
        await hf.engine.call(
            "claim_directive", **fences["two"], sd_key="SD-1", venture_id=venture_id
        )
    assert refused.value.detail["holder"] == "one"
    with pytest.raises(LeaseLost):
        await hf.engine.call(
            "end_session", **fences["one"] | {"token": uuid4()}, venture_id=venture_id
        )


async def test_a_call_that_is_sent_twice_under_its_key_is_done_once(
    hf: Holdfast, server: Server
) -> None:
    engine = hf.engine
    assert isinstance(engine, HttpEngine)
    venture_id = await hf.venture_id()
    body = {"arguments": {"name": pack("once"), "venture_id": pack(venture_id)}}
    async with server.client() as client:
        answers = [
            await client.post(
                "/api/v1/engine/call/create_execution", json=body, headers={"Idempotency-Key": "k"}
            )
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        other = await client.post(
            "/api/v1/engine/call/create_execution",
            json={"arguments": {"name": pack("other"), "venture_id": pack(venture_id)}},
            headers={"Idempotency-Key": "k"},
        )
    assert other.json()["code"] == "HF005"
    assert len(await server.engine.read("executions", venture_id, None, 10)) == 1


async def test_what_is_no_name_never_becomes_a_part_of_a_statement(server: Server) -> None:
    async with server.client() as client:
        for function, argument in (("now() --", "a"), ("create_execution", "name => 1) --")):
            answer = await client.post(
                f"/api/v1/engine/call/{function}", json={"arguments": {argument: ["", 1]}}
            )
            assert (answer.status_code, answer.json()["code"]) == (422, "HF005")


async def test_only_public_functions_and_queries_for_users_are_answered(hf: Holdfast) -> None:
    with pytest.raises(NotAllowed):
        await hf.engine.call("drop_old_partitions", retention_days=1)
    for query in ("fingerprint", "tail", "verify_world"):
        with pytest.raises(NotFound):
            await hf.engine.read(query)


async def test_a_foreign_venture_is_not_seen(hf: Holdfast, server: Server) -> None:
    foreign = await server.engine.call_value("open_venture", slug="foreign")
    execution = await server.engine.call_value(
        "create_execution", name="secret", venture_id=foreign
    )
    assert await hf.engine.read("execution", foreign, execution) == []
    with pytest.raises(NotAllowed):
        await hf.engine.call("cancel_execution", execution_id=execution, venture_id=foreign)
    with pytest.raises(NotAllowed):
        await hf.venture_id("foreign")


async def test_a_viewer_reads_and_does_not_write(server: Server) -> None:
    async with connect(server.url, token=server.tokens["viewer"], venture=VENTURE) as hf:
        assert await hf.questions() == []
        with pytest.raises(NotAllowed):
            await hf.spawn("command", command=["true"])


async def test_without_a_good_token_nothing_is_opened(server: Server) -> None:
    with pytest.raises(ConfigError, match="wants a token"):
        async with connect(server.url):
            pass
    with pytest.raises(NotAuthenticated):
        async with connect(server.url, token="hf_none_none"):
            pass


async def test_a_server_that_is_not_there_is_as_a_database_that_is_away() -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached") as error:
        async with connect("http://127.0.0.1:9", token="x"):
            pass
    assert error.value.hint == "Check HOLDFAST_URL, and that `holdfast up` runs there."


async def test_values_arrive_as_they_were() -> None:
    for value in (None, True, 1, 1.5, "text", {"uuid": "no tag"}, [1, "a", None], uuid4(), [None, uuid4()], datetime.now(UTC), Decimal("0.10"), b"\0\xff", [b"a"], [{"a": 1}, None], []):  # fmt: skip
        assert unpack(*pack(value)) == value
    with pytest.raises(InvalidValue, match="is no uuid"):
        unpack("uuid", "nonsense")
    with pytest.raises(InvalidValue, match="is no type"):
        unpack("pickle", "x")


def test_what_a_client_reads_is_for_users() -> None:
    queries = {file.stem for file in (ROOT / "sql" / "queries").glob("*.sql")}
    sources = [
        file
        for file in ROOT.rglob("*.py")
        if file.parts[len(ROOT.parts)] not in ("engine", "api", "live")
    ]
    read = {name for file in sources for name in queries if f'"{name}"' in file.read_text()}
    assert read - ON_THE_DATABASE <= READABLE <= queries


async def test_a_row_behaves_as_the_drivers_own(server: Server) -> None:
    [native] = [row for row in await server.engine.read("me") if row["slug"] == VENTURE]
    [row] = unpack_rows(pack_rows([native]))
    assert dict(row) == dict(native)
    assert (row[0], row["slug"], list(row), len(row)) == (native[0], VENTURE, list(native), 4)
    assert ("slug" in row, row.get("none", 5), {**row}) == (True, 5, dict(native))


async def test_a_server_or_a_database_but_not_both(hf: Holdfast) -> None:
    assert hf.settings == Settings(
        **{field: getattr(hf.settings, field) for field in hf.settings.__dataclass_fields__}
    )
    with pytest.raises(ConfigError, match="works on the database itself"):
        assert hf.database


async def test_a_call_whose_answer_was_lost_is_made_once(server: Server) -> None:
    async with network_to(server.url) as network:
        async with connect(network.url, token=server.tokens["owner"], venture=VENTURE) as hf:
            await hf.venture_id()
            network.answers_to_lose = 2
            made = await hf.spawn("command", command=["true"])
    assert network.lost == 2
    rows = await server.engine.read("executions", server.venture_id, None, 10)
    assert [row["id"] for row in rows] == [made]


async def test_a_network_that_stays_broken_is_told(server: Server) -> None:
    async with network_to(server.url) as network:
        async with connect(network.url, token=server.tokens["owner"], venture=VENTURE) as hf:
            await hf.venture_id()
            await network.cut()
            with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
                await hf.questions()
            await network.mend()
            assert await hf.questions() == []


async def test_who_calls_too_often_is_made_to_wait_and_nothing_is_lost(
    engine: PostgresEngine,
) -> None:
    async with serving(engine, api_updates_per_minute=60) as server:
        async with connect(server.url, token=server.tokens["owner"], venture=VENTURE) as hf:
            made = [await hf.spawn("command", command=["true"]) for _ in range(61)]
    rows = await engine.read("executions", server.venture_id, None, 100)
    assert sorted(row["id"] for row in rows) == sorted(made)


async def test_a_token_for_one_venture_means_that_one(server: Server) -> None:
    async with connect(server.url, token=server.tokens["viewer"]) as hf:
        assert hf.settings.venture == VENTURE
        assert await hf.questions() == []
