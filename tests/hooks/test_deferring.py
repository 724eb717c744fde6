"""A plan's agent whose tool call waits for a person: its worker resumes it until the answer is there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

from holdfast.engine.postgres import PostgresEngine
from tests.support import programs
from tests.support.fake_models import Text
from tests.support.program_cases import CASES, scene
from tests.support.workers import rows_of, until


async def test_the_answer_lets_the_call_run_and_the_step_be_done(
    engine: PostgresEngine, tmp_path: Path
) -> None:
    claude = CASES[0]
    async with (
        rows_of(engine.url) as rows,
        scene(
            claude, claude.shell("touch shipped"), Text("Shipped."),
            engine=engine, rows=rows, tmp_path=tmp_path,
        ) as play,
    ):  # fmt: skip
        (play.folder / "holdfast.toml").write_text('gated_tools = ["Bash(touch*)"]\n')
        await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "holdfast", "hooks", "install", "claude", "--yes", "--no-mcp"],
            cwd=play.folder,
            env={"HOME": str(tmp_path), "PATH": programs.PATH},
            check=True,
            capture_output=True,
        )
        execution_id = await play.begin("ship it")
        with play.worker():

            async def asked() -> Any:
                return await rows.all("select id from holdfast.questions where status = 'open'")

            [question] = await until(asked)
            assert not (play.folder / "shipped").exists()
            await engine.call("answer_question", question_id=question["id"], answer="approve")
            done = await play.over(execution_id)

        assert (done.status, done.error_message) == ("completed", None)
        assert (play.folder / "shipped").exists()
        assert done.attempt == 1
