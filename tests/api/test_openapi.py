"""The server does what its OpenAPI document says, whatever is sent."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
        "--checks", ",".join(CHECKS), "--phases", "fuzzing",
        "--max-examples", "5", "--seed", "4", "--generation-database", "none", "--no-color",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-6000:]
