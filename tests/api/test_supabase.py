"""The client `@supabase/supabase-js`, as it comes from npm, through the whole life of an auto-proceed session."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from holdfast.engine.postgres import PostgresEngine
from tests.support.api import Server, serving
from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / ".supabase"
PROGRAMS = Path(__file__).parent / "supabase"
NODE = Path(sys.executable).with_name("node")
SECRET = "what a project of Supabase signs its tokens with"

pytestmark = pytest.mark.skipif(
    not (INSTALLED / "node_modules").is_dir(),
    reason="supabase-js is not installed; next: make supabase",
)


async def run(name: str, folder: Path, **environment: str) -> tuple[int, dict[str, Any]]:
    """Run a program beside the installed client; how it ended, and what it was told."""
    (folder / "node_modules").symlink_to(INSTALLED / "node_modules")
    shutil.copy(PROGRAMS / name, folder)
    process = await asyncio.create_subprocess_exec(
        NODE, name, cwd=folder, env=environment, stdout=-1, stderr=-1
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert out, err.decode()
    assert process.returncode is not None
    return process.returncode, json.loads(out)


def signed(**claims: Any) -> str:
    return jwt.encode(claims | {"exp": time.time() + 600}, SECRET, algorithm="HS256")


async def begin(server: Server, folder: Path) -> dict[str, Any]:
    user = signed(sub="Ann", aud="authenticated", role="authenticated")
    anon = signed(role="anon")
    folder.mkdir()
    code, told = await run(
        "begin.mjs", folder, HOLDFAST_URL=server.url, ANON_KEY=anon, USER_JWT=user
    )
    # the wheel's node is a program around the real one, and passes its end on as a number
    assert code % 256 == -signal.SIGKILL % 256
    return told


async def test_an_auto_proceed_session_is_started_advanced_recovered_and_ended(
    engine: PostgresEngine, tmp_path: Path
) -> None:
    async with serving(engine, venture="default", api_jwt_secret=SECRET) as server:
        await engine.call("set_member", user_id="Ann", role="agent", venture_id=server.venture_id)
        told = await begin(server, tmp_path / "one")
        assert told["started"]["error"] is None, told["started"]
        assert told["advanced"]["data"] is True
        assert (told["refused"]["status"], told["refused"]["error"]["code"]) == (404, "HF003")
        assert told["refused"]["error"]["hint"] == "Start it with upsert_auto_proceed_session."
        row = {"session_id": "session-1", "current_phase": "EXEC", "progress_percentage": 40}
        assert (told["active"]["data"], told["active"]["count"]) == ([row], 1)

        (tmp_path / "two").mkdir()
        environment = {"HOLDFAST_URL": server.url, "TOKEN": server.tokens["agent"]}
        code, told = await run("recover.mjs", tmp_path / "two", **environment)
    assert code == 0
    found = told["recovered"]["data"]
    assert (found["active_sd_key"], found["completed_children"]) == ("SD-003", 2)
    assert (found["chain_orchestrators"], found["metadata"]) == (True, {"branch": "feature/a"})
    assert (told["finished"]["data"], told["ended"]["data"]) == (True, True)
    assert (told["none"]["data"], told["none"]["error"]) == (None, None)
    assert (told["one"]["data"]["is_active"], told["one"]["data"]["completed_children"]) == (
        False,
        5,
    )
    assert (told["tooMany"]["status"], told["tooMany"]["error"]["code"]) == (406, "PGRST116")
    assert (told["counted"]["count"], told["counted"]["data"]) == (1, None)


async def test_who_is_no_member_starts_nothing(engine: PostgresEngine, tmp_path: Path) -> None:
    async with serving(engine, venture="default", api_jwt_secret=SECRET) as server:
        told = await begin(server, tmp_path / "one")
    assert (told["started"]["status"], told["started"]["error"]["code"]) == (403, "HF007")
    assert told["active"]["data"] == []
