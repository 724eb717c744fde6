"""The server does what its OpenAPI document says, whatever is sent."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]
import pytest

from holdfast.api.document import openapi
from holdfast.api.examples import EXAMPLES
from tests.support.sql import connected
from tests.support.world import DIRECTIVE, SESSION, World, make_world

if TYPE_CHECKING:
    from tests.support.api import Server

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
# A server error, an undocumented status, an answer of another form, or one of another type.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


def _config(world: World) -> str:
    """What is there, so that not every request ends at 404."""
    there = {
        "path.execution_id": world.execution.id,
        "path.supervisor_id": world.supervisor.id,
        "path.plan_id": world.plan_id,
        "path.question_id": world.open_question,
        "path.session_id": SESSION,
        "path.directive": DIRECTIVE,
        "query.directive": DIRECTIVE,
    }
    lines = [f'"{name}" = {json.dumps(str(value))}' for name, value in there.items()]
    return "[parameters]\n" + "\n".join(lines) + "\n"


@pytest.mark.timeout(170)
async def test_no_request_brings_a_server_error_or_an_answer_that_is_not_documented(
    server: Server, holdfast_url: str, tmp_path: Path
) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "acme")
    (tmp_path / "schemathesis.toml").write_text(_config(world))
    async with server.client(timeout=60) as client:
        document = await client.get("/api/v1/openapi.json")
    (tmp_path / "openapi.json").write_bytes(document.content)
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS, "run", "openapi.json", "--url", server.url, "--request-timeout", "60",
        "--header", f"Authorization: Bearer {server.tokens['owner']}",
        "--include-tag-regex", "overview|questions|sessions|executions|supervisors|plans|directives|events",
        "--checks", ",".join(CHECKS), "--phases", "examples,fuzzing",
        "--max-examples", "5", "--seed", "4", "--generation-database", "none", "--no-color",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-6000:]


def test_each_operation_says_whether_it_wants_to_know_who_calls() -> None:
    document = openapi()
    open_to_all = {
        path
        for path, methods in document["paths"].items()
        for told in methods.values()
        if not told["security"]
    }
    assert open_to_all == {"/healthz", "/readyz", "/metrics"}
    schemes = {name for one in document["paths"]["/api/v1/me"]["get"]["security"] for name in one}
    assert schemes == document["components"]["securitySchemes"].keys()


def test_each_body_has_examples_that_are_of_its_shape() -> None:
    document = openapi()
    for name, examples in EXAMPLES.items():
        schema = document["components"]["schemas"][name] | {"components": document["components"]}
        for example in examples:
            jsonschema.validate(example, schema, jsonschema.Draft202012Validator)
    bodies = {
        content["schema"]["$ref"].rpartition("/")[2]
        for methods in document["paths"].values()
        for told in methods.values()
        if told["tags"] != ["engine"]  # Holdfast's own client alone speaks it
        for content in told.get("requestBody", {}).get("content", {}).values()
    }
    assert bodies == EXAMPLES.keys()
