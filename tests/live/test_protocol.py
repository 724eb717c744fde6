"""What is written down about the protocol is what the server does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from holdfast.api.live import connection, messages, websocket
from holdfast.api.live.closing import CloseCode
from holdfast.api.live.socket import MOST_BYTES
from holdfast.live import asking, outbox
from holdfast.live.scope import KINDS
from tests.support.api import Server
from tests.support.feed import WRITE, ask, new_streams
from tests.support.sockets import socket_to

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "web/protocol/asyncapi.yaml").read_text())
PAGE = (ROOT / "docs/reference/live.md").read_text()
MESSAGES = DOCUMENT["components"]["messages"]


METASCHEMA = ROOT / "web/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


def schema_of(name: str) -> dict[str, Any]:
    return {**MESSAGES[name]["payload"], "components": DOCUMENT["components"]}


def require(message: dict[str, Any]) -> None:
    jsonschema.validate(message, schema_of(message["type"]))


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [ref for each in value.values() for ref in references(each)]
    if isinstance(value, list):
        return [ref for each in value for ref in references(each)]
    return []


def test_the_document_is_whole() -> None:
    assert DOCUMENT["asyncapi"].startswith("3.")
    for reference in references(DOCUMENT):
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
    for name in MESSAGES:
        jsonschema.Draft7Validator.check_schema(schema_of(name))
    told = {
        ref["$ref"].rpartition("/")[2]
        for operation in DOCUMENT["operations"].values()
        for ref in operation["messages"]
    }
    assert told == set(MESSAGES)


@pytest.mark.skipif(not METASCHEMA.is_file(), reason="no schema of AsyncAPI; next: make web")
def test_the_document_is_asyncapi_as_its_makers_define_it() -> None:
    validator = jsonschema.Draft7Validator(json.loads(METASCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(DOCUMENT)] == []
    shouted = DOCUMENT | {"operations": {"tell": {**DOCUMENT["operations"]["tell"], "action": "x"}}}
    assert not validator.is_valid(shouted)


def test_what_a_client_may_say_is_what_the_server_understands() -> None:
    for model in get_args(messages.Message):
        [name] = get_args(model.model_fields["type"].annotation)
        written = MESSAGES[name]["payload"]
        assert set(written["properties"]) == set(model.model_fields)
        assert set(written["required"]) == {
            field for field, one in model.model_fields.items() if one.is_required()
        }
        assert written["additionalProperties"] is False
    assert tuple(DOCUMENT["components"]["schemas"]["kind"]["enum"]) == KINDS
    assert MESSAGES["subscribe"]["payload"]["properties"]["streams"]["maxItems"] == (
        asking.MOST_STREAMS
    )


def test_the_close_codes_are_the_ones_that_are_written_down() -> None:
    codes = {int(code) for code in CloseCode} | {1009}
    assert set(DOCUMENT["x-close-codes"]) == codes
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", PAGE, re.M)} == codes


def test_the_numbers_on_the_page_are_the_ones_in_the_code() -> None:
    assert f"every {connection.PING_SECONDS:.0f} seconds" in PAGE
    assert f"within {websocket.PONG_SECONDS:.0f} seconds" in PAGE
    assert f"Up to {connection.MOST_SUBSCRIPTIONS} subscriptions" in PAGE
    assert f"larger than {MOST_BYTES // 1024} KiB" in PAGE
    assert f"queue of {outbox.MOST_BYTES // 1024**2} MB" in PAGE
    for kind in KINDS:
        assert f"`{kind}`" in PAGE


async def test_what_the_server_says_is_what_is_written_down(server: Server) -> None:
    [stream] = await new_streams(server.engine, server.venture_id, 1)
    async with socket_to(server) as socket:
        await socket.subscribe("a", since="start")
        await socket.subscribe("b", execution=str(stream), since="0" * 16 + "_7")
        await ask(server.engine.url, WRITE, stream, server.venture_id)
        await socket.say(type="dance")
        await socket.until("error")
        await socket.say(type="ping")
        await socket.until("pong")
    for message in socket.told:
        require(message)
    said = {message["type"] for message in socket.told}
    assert {"hello", "subscribed", "events", "caught_up", "reset", "error", "pong"} <= said
