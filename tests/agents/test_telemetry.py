"""The real Claude Code sends its telemetry here, and a run's cost is known while it works."""

from __future__ import annotations

import asyncio
from pathlib import Path

from holdfast.engine.postgres import PostgresEngine
from tests.agents.conftest import MakeScene
from tests.support.api import serving
from tests.support.fake_models import INPUT_TOKENS, OUTPUT_TOKENS, Text
from tests.support.program_cases import CASES
from tests.support.workers import Rows, until

CLAUDE = next(case for case in CASES if case.kind == "claude")
HEARD = "select * from holdfast.execution_usage where witness = 'logs'"


async def test_a_worker_hears_of_the_cost_while_claude_code_still_works(
    play: MakeScene, engine: PostgresEngine, rows: Rows
) -> None:
    wait = CLAUDE.shell("while [ ! -e go-on ]; do sleep 0.1; done")
    async with serving(engine) as server, play(CLAUDE, wait, Text("done")) as scene:
        execution_id = await scene.begin()
        with scene.worker(telemetry_endpoint=server.url):

            async def heard() -> bool:
                return bool(await rows.all(HEARD))

            await until(heard)
            early = await scene.metrics(execution_id)
            (scene.folder / "go-on").touch()
            done = await scene.over(execution_id)
        late = await scene.metrics(execution_id)
        [said] = await rows.all(HEARD)

        assert done.status == "completed"
        assert early["cost_usd"] > 0, "the stream tells the cost only at the end"
        assert early["duration_ms"] is None
        # Both tell of the same calls, so they count once.
        assert (late["input_tokens"], late["output_tokens"]) == (
            2 * INPUT_TOKENS,
            2 * OUTPUT_TOKENS,
        )
        assert (late["model_calls"], late["tool_calls"]) == (2, 1)
        assert said["execution_id"] == execution_id


async def test_a_session_with_a_token_is_heard_for_its_todo_list(
    engine: PostgresEngine, rows: Rows, tmp_path: Path, play: MakeScene
) -> None:
    async with serving(engine) as server, play(CLAUDE, Text("done")) as scene:
        session_id = "0b0f6f0e-4f6b-4b4e-9c39-0e3e6f6a7d11"
        venture = {"venture_id": server.venture_id}
        started = await engine.call_row("start_session", session_id=session_id, **venture)
        listed = await engine.call_row(
            "record_todos",
            session_id=session_id,
            epoch=started["epoch"],
            token=started["token"],
            items=[{"key": "a", "status": "in_progress"}],
            **venture,
        )

        ended = await asyncio.to_thread(
            scene.program.run,
            *("-p", "--session-id", session_id, "--", "go"),
            cwd=tmp_path,
            CLAUDE_CODE_ENABLE_TELEMETRY="1",
            OTEL_METRICS_EXPORTER="otlp",
            OTEL_LOGS_EXPORTER="otlp",
            OTEL_EXPORTER_OTLP_PROTOCOL="http/json",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"{server.url}/otlp",
            OTEL_EXPORTER_OTLP_HEADERS=f"Authorization=Bearer%20{server.tokens['agent']}",
        )

        assert ended.returncode == 0, ended.stderr
        metrics = await scene.metrics(listed["execution_id"])
        assert (metrics["input_tokens"], metrics["output_tokens"]) == (INPUT_TOKENS, OUTPUT_TOKENS)
        assert metrics["cost_usd"] > 0
        witnesses = await rows.all("select witness from holdfast.execution_usage order by witness")
        assert [row["witness"] for row in witnesses] == ["logs", "metrics"]
