"""A plan whose runner fails for a reason that is no step's: it ends with that reason and can be resumed, or outlives it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

import holdfast
from holdfast.client import Holdfast
from holdfast.config import Settings
from holdfast.plans.loading import load_plan
from holdfast.runtime.worker import Worker
from tests.support import workers
from tests.support.command_line import Command, command_line
from tests.support.sql import connected

PLAN = """
name: small
steps:
  - {id: one, command: ["true"]}
  - {id: two, needs: [one], command: ["true"]}
"""
PUT_A_TRIGGER = """
create function public.refuse_it() returns trigger language plpgsql as $$
begin
    raise exception 'somebody has put a trigger here' using errcode = '{code}';
end $$;
create trigger refuse_it before update on holdfast.plan_steps
for each row when (new.step_key = 'two' and new.status = 'running') execute function public.refuse_it();
"""
TAKE_IT_AWAY = "drop trigger refuse_it on holdfast.plan_steps"


@pytest.fixture
def cli(
    work_dir: Path,
    holdfast_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", holdfast_url)
    (work_dir / "plan.yaml").write_text(PLAN)
    return command_line(monkeypatch, capsys)


async def execute(url: str, statement: str) -> None:
    async with connected(url) as connection:
        await connection.execute(statement)


async def work_until_it_is_completed(url: str) -> None:
    completed = "select true from holdfast.directives where status = 'completed'"
    async with holdfast.connect() as hf, connected(url) as connection:
        worker = Worker(hf)
        worker.start()
        try:
            await workers.until(lambda: connection.fetchval(completed))
        finally:
            await worker.stop()


def test_a_plan_whose_runner_fails_says_so_and_goes_on_when_it_is_resumed(
    cli: Command, holdfast_url: str, work_dir: Path
) -> None:
    asyncio.run(execute(holdfast_url, PUT_A_TRIGGER.format(code="P0001")))

    ran = workers.holdfast("run", "plan.yaml", "--json", url=holdfast_url, cwd=work_dir)

    assert ran.returncode == 1
    [plan] = json.loads(ran.stdout.splitlines()[-1])["plans"]
    assert plan["status"] == "failed"
    assert plan["error_message"].startswith("Its runner failed: DatabaseError: somebody has put")
    [directive] = cli("directive", "list", "--json").json
    assert (directive["status"], directive["held_by"]) == ("blocked", None)
    assert "somebody has put a trigger here" in cli("plan", "story", plan["id"]).out
    assert cli("session", "list", "--json").json == []

    asyncio.run(execute(holdfast_url, TAKE_IT_AWAY))
    assert cli("plan", "resume", plan["id"]).code == 0
    asyncio.run(work_until_it_is_completed(holdfast_url))
    assert cli("plan", plan["id"], "--json").json["plan"]["status"] == "completed"


async def test_a_plan_outlives_a_full_disk(cli: Command, holdfast_url: str) -> None:
    settings = Settings(database_url=holdfast_url, lease_seconds=1)
    async with connected(holdfast_url) as connection, Holdfast(settings) as hf:
        await connection.execute(PUT_A_TRIGGER.format(code="53100"))
        await hf.create_plan(load_plan(Path("plan.yaml")))
        worker = Worker(hf)
        worker.start()
        try:
            dying = "select deaths_in_a_row > 0 from holdfast.supervisor_states"
            await workers.until(lambda: connection.fetchval(dying))
            await connection.execute(TAKE_IT_AWAY)
            ended = "select status::text from holdfast.plans where ended_at is not null"
            assert await workers.until(lambda: connection.fetchval(ended)) == "completed"
        finally:
            await worker.stop()
