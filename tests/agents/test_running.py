"""What a worker makes of the real agent programs: results, logs, metrics, failures."""

from __future__ import annotations

from decimal import Decimal

from tests.agents.conftest import MakeScene
from tests.support.fake_models import INPUT_TOKENS, OUTPUT_TOKENS, Fail, Text
from tests.support.program_cases import Case


async def test_a_program_does_its_work_and_its_execution_tells_what_it_did_and_cost(
    play: MakeScene, case: Case
) -> None:
    async with play(case, case.shell("seq -s - 40 44"), Text("It is counted.")) as scene:
        execution_id = await scene.begin("count for me")
        with scene.worker():
            done = await scene.over(execution_id)
        metrics = await scene.metrics(execution_id)

        assert (done.status, done.error_message) == ("completed", None)
        assert done.result["result"] == "It is counted."
        assert done.result["exit_code"] == 0
        assert "count for me" in scene.model.turns[0].text
        assert "40-41-42-43-44" in scene.model.turns[1].text
        told = [line.message for line in done.logs if line.level == "info"]
        assert any("seq -s - 40 44" in line for line in told)
        assert told[-1] == "It is counted."
        # Gemini also asks for which model it should ask.
        asked = 3 if case.kind == "gemini" else 2
        assert metrics["input_tokens"] == asked * INPUT_TOKENS
        assert metrics["output_tokens"] == asked * OUTPUT_TOKENS
        assert metrics["tool_calls"] == 1
        assert (metrics["cost_usd"] > Decimal(0)) == (case.kind == "claude")


async def test_a_model_that_refuses_is_a_failure_that_says_why(play: MakeScene, case: Case) -> None:
    async with play(case, script=lambda request: Fail(400, "no credit")) as scene:
        execution_id = await scene.begin()
        with scene.worker():
            failed = await scene.over(execution_id)

    assert failed.status == "failed"
    assert "no credit" in str(failed.error_message)


async def test_a_program_that_is_not_there_is_a_failure_that_says_what_to_do(
    play: MakeScene, case: Case
) -> None:
    async with play(case) as scene:
        execution_id = await scene.begin()
        with scene.worker(**{f"{case.kind}_command": "no-such-program"}):
            failed = await scene.over(execution_id)

    told = str(failed.error_message)
    assert told.startswith("no-such-program could not be started: No such file or directory.")
    assert f"{case.kind}_command" in told


async def test_a_program_that_takes_too_long_is_ended(play: MakeScene, case: Case) -> None:
    wait = case.shell("echo $$ > pid; while true; do sleep 0.2; done")
    async with play(case, wait) as scene:
        execution_id = await scene.begin(timeout_seconds=4)
        with scene.worker():
            failed = await scene.over(execution_id)

    assert failed.error_message == "It was ended after 4 seconds."
