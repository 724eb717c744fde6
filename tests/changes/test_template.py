"""The plan `database-change`, whole: what a person pastes by hand is believed when the live database says so."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

import pytest

from holdfast.changes import applying
from holdfast.engine.direct import Target
from tests.support.sql import call, connected

HOLDFAST = Path(sys.executable).with_name("holdfast")
NOT_VALID = "select count(*) as n from pg_constraint where not convalidated"


@pytest.mark.timeout(300)
async def test_a_change_that_is_pasted_by_hand_is_reviewed_approved_and_verified_in_the_live_database(
    target: Target, database_url: str, holdfast_url: str, work_dir: Path
) -> None:
    environment = {
        **os.environ,
        "HOLDFAST_DATABASE_URL": holdfast_url,
        "SHOP_URL": database_url,
        "COLUMNS": "200",
    }
    new = await asyncio.create_subprocess_exec(
        HOLDFAST, "plan", "new", "database-change", "--agent", "claude",
        cwd=work_dir, env=environment, stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    assert await new.wait() == 0
    run = await asyncio.create_subprocess_exec(
        HOLDFAST, "run", "database-change.yaml", "--input", "target=env:SHOP_URL", "--input", "by=hand",
        cwd=work_dir, env=environment, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    try:
        ending = asyncio.create_task(run.communicate())
        pasted = await _be_the_person(holdfast_url, target, ending)
        printed, said = await ending
    finally:
        if run.returncode is None:
            run.kill()
            await run.wait()
    assert run.returncode == 0, (printed.decode(), said.decode())
    assert pasted
    [ledger] = [one for one in await applying.ledger(target) if one.name == "migration"]
    assert (ledger.how, ledger.is_whole) == ("by hand", True)
    [left] = await target.fetch(NOT_VALID)
    assert left["n"] == 0
    async with connected(holdfast_url) as memory:
        assert await _verified(memory) == ["backfill.1", "catalogue", "constraints", "paste"]


async def _be_the_person(
    holdfast_url: str, target: Target, ending: asyncio.Task[tuple[bytes, bytes]]
) -> bool:
    """Approve, then paste what was shown, and say that it is done; until the plan is over."""
    pasted, shown = False, ""
    async with connected(holdfast_url) as memory:
        while not ending.done():
            await asyncio.sleep(0.1)  # a person looks now and then
            for question in await memory.fetch(
                "select id, options, context from holdfast.questions where status = 'open'"
            ):
                options: list[Any] = question["options"] or []
                if "approve" in options:
                    shown = _shown(question["context"])
                    await call(
                        memory, "answer_question", question_id=question["id"], answer="approve"
                    )
                elif "done" in options:
                    await target.execute(shown)
                    pasted = True
                    await call(memory, "answer_question", question_id=question["id"], answer="done")
    return pasted


def _shown(context: Any) -> str:
    """The SQL that the gate's question carries."""
    texts = [value for value in context.values() if isinstance(value, str) and "begin;" in value]
    assert texts, json.dumps(context)[:500]
    return texts[0]


async def _verified(memory: Any) -> list[str]:
    rows = await memory.fetch(
        "select distinct step_key from holdfast.plan_step_evidence where exit_code = 0 order by 1"
    )
    return [row["step_key"] for row in rows]
