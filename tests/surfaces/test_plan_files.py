"""Plan files on the command line: written from a template, looked at before they run, and told in a progress document."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from pathlib import Path
from typing import IO, Any, cast

import pytest

from holdfast import Run, connect
from holdfast.errors import PlanError
from holdfast.plans import Escalation, Gate, Plan, Step, Verification
from holdfast.plans.schema import plan_schema
from holdfast.plans.template_files import template_names
from holdfast.runtime.worker import Worker
from tests.support.command_line import Command
from tests.support.sql import connected
from tests.support.workers import environment, holdfast, process

PLAN = """
name: small
progress_document: PROGRESS.md
inputs: {who: world, size: null}
steps:
  - id: write
    title: Write it
    role: db-architect
    command:
      - sh
      - -c
      - 'echo "::result {\\"files\\": [\\"a.sql\\"], \\"key_points\\": [\\"For {{ inputs.who }}, {{ inputs.size + 1 }}.\\"]}"'
  - id: see
    title: See it in the document
    needs: [write]
    command: [sh, -c, 'for i in $(seq 300); do grep -q a.sql PROGRESS.md && exit; sleep 0.1; done; exit 1']
    verify: {command: [sh, -c, echo all is well]}
"""


def test_a_plan_tells_how_far_it_is_in_a_file_while_it_runs_and_at_its_end(
    cli: Command, work_dir: Path
) -> None:
    (work_dir / "plan.yaml").write_text(PLAN)
    given = ("--input", "who=you", "--input", "size=1")

    lines = cli("run", "plan.yaml", *given, "--json").out.splitlines()

    [plan] = json.loads(lines[-1])["plans"]
    assert plan["status"] == "completed"
    text = (work_dir / "PROGRESS.md").read_text()
    for told in (
        "do not edit it",
        "**completed** · 2 of 2 steps done",
        "| [x] | Write it | db-architect | completed |",
        "  - a.sql",
        "  - For you, 2.",
        "`sh -c echo all is well` ended with exit code 0",
    ):
        assert told in text, told
    assert cli("plan", "progress", plan["id"]).out == text
    assert cli("plan", "progress", plan["id"][-8:], "--output", "again.md").code == 0
    assert (work_dir / "again.md").read_text() == text
    # How long it may take is known now.
    schedule = cli("plan", "run", "plan.yaml", *given, "--dry-run", "--json").json
    assert isinstance(schedule["usual_seconds"], float)


GATED = """
name: gated
steps:
  - {id: look, command: ["true"]}
  - {id: go, needs: [look], gate: {message: Go on?}, command: ["true"]}
"""


async def test_what_runs_without_a_terminal_tells_each_change_when_it_happens(
    holdfast_url: str, work_dir: Path
) -> None:
    (work_dir / "gated.yaml").write_text(GATED)
    there: dict[str, Any] = {"url": holdfast_url, "cwd": work_dir}
    command = ("-m", "holdfast", "run", "gated.yaml")
    env = environment(holdfast_url)
    with process(*command, env=env, cwd=work_dir, stdout=subprocess.PIPE) as running:
        output = cast(IO[str], running.stdout)
        told = [output.readline()]
        while told[-1] and "go  waiting" not in told[-1]:
            told.append(output.readline())
        listed = holdfast("plan", "list", **there).stdout
        [question] = json.loads(holdfast("questions", "--json", **there).stdout)
        holdfast("answer", question["id"], "approve", **there)
        rest = output.read()

    assert "look  completed" in "".join(told)
    assert "waits for you" in told[-1]
    assert "gated" in listed
    assert "1/2" in listed
    assert "2/2 steps" in rest
    assert "There is no plan." in holdfast("plan", "list", "--status", "running", **there).stdout


def test_what_a_plan_would_do_is_shown_and_nothing_is_started(cli: Command, work_dir: Path) -> None:
    (work_dir / "plan.yaml").write_text(PLAN)
    told = cli("run", "plan.yaml", "--input", "size=1", "--dry-run")
    assert told.code == 0
    assert re.search(r"1 +Write it \(write\) +db-architect +command", told.out)
    assert "write → see" in told.out
    steps = cli("run", "plan.yaml", "--input", "size=1", "--dry-run", "--json").json["steps"]
    assert [(step["id"], step["wave"], step["usual_seconds"]) for step in steps] == [
        ("write", 1, None),
        ("see", 2, None),
    ]
    assert cli("status", "--json").json["plans"] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "plan.yaml"], ["must be given size", "--input size=VALUE"]),
        (["run", "plan.yaml", "--input", "sise=1"], ["no input sise", "Did you mean size?"]),
        (["run", "plan.yaml", "--input", "size"], ["no input", "NAME=VALUE"]),
        (["plan", "new", "feture"], ["no template feture", "Did you mean feature?"]),
        (["plan", "new", "feature", "--agent", "claud"], ["no agent program", "claude?"]),
    ],
)
def test_what_a_person_mistypes_is_told_with_what_was_meant(
    cli: Command, work_dir: Path, arguments: list[str], told: list[str]
) -> None:
    (work_dir / "plan.yaml").write_text(PLAN)
    errors = cli(*arguments).err
    for one in told:
        assert one in errors, errors


CHECKED = """
name: checked
checklist:
  - {id: sure, title: Somebody is sure, tick: true}
steps:
  - {id: a, command: ['true']}
"""


def test_a_plan_file_is_checked_and_so_is_what_must_hold_before_it_starts(
    cli: Command, work_dir: Path
) -> None:
    (work_dir / "plan.yaml").write_text(CHECKED)
    told = cli("plan", "check", "plan.yaml")
    assert told.code == 0
    assert "plan.yaml is a plan: checked, 1 steps" in told.out
    assert "Somebody is sure (somebody ticks it)" in told.out
    plan_id = cli("run", "plan.yaml", "--detach", "--json").json["id"]

    assert cli("plan", "check", plan_id).code == 1
    assert "not checked yet" in cli("plan", "check", plan_id).out
    assert cli("plan", "tick", plan_id, "sure").code == 0
    held = cli("plan", "check", plan_id)
    assert held.code == 0
    assert "ticked by" in held.out

    (work_dir / "plan.yaml").write_text(CHECKED.replace("command", "comand"))
    assert "line 6: steps[0] (a): comand is not a key here" in cli("plan", "check", "plan.yaml").err


async def test_a_plan_made_in_python_runs_like_one_of_a_file(
    holdfast_url: str, tmp_path: Path
) -> None:
    seen: list[str] = []

    async def look(run: Run, table: str) -> dict[str, str]:
        seen.append(table)
        return {"found": f"{table} is clean"}

    each = Step(id="look", agent="look", foreach="inputs.tables", inputs={"table": "{{ item }}"})
    told = Step(
        id="tell",
        needs=["look"],
        command=["sh", "-c", "test '{{ steps.look.outputs | length }}' = 2"],
        verify=Verification(command=["true"]),
    )
    plan = Plan(name="python", inputs={"tables": None}, steps=[each, told])
    async with connect(holdfast_url) as hf:
        hf.callable("look")(look)
        worker = Worker(hf)
        worker.start()
        try:
            async with asyncio.timeout(60):
                done = await hf.run_plan(plan, cwd=tmp_path, inputs={"tables": ["a", "b"]})
        finally:
            await worker.stop()
        with pytest.raises(PlanError, match=r"the plan python: steps\[0\] \(tell\)\.needs"):
            await hf.create_plan(Plan(name="python", steps=[told]), cwd=tmp_path)
    assert done["status"] == "completed"
    assert sorted(seen) == ["a", "b"]


async def test_a_gate_that_nobody_answers_is_put_to_others_and_then_fails_its_step(
    holdfast_url: str, tmp_path: Path
) -> None:
    moment = 0.4
    owners = Escalation(role="owner", expires_in_seconds=moment)
    gate = Gate(
        message="Go on?", person="ann@example.com", expires_in_seconds=moment, escalate=owners
    )
    plan = Plan(name="gated", steps=[Step(id="go", gate=gate, command=["true"])])
    async with connect(holdfast_url) as hf:
        worker = Worker(hf)
        worker.start()
        try:
            async with asyncio.timeout(60):
                done = await hf.run_plan(plan, cwd=tmp_path)
        finally:
            await worker.stop()
        [asked] = await hf.questions(open_only=False)
    query = "select type from holdfast.events where type like 'question.%' order by stream_id, seq"
    async with connected(holdfast_url) as connection:
        told = [row["type"] for row in await connection.fetch(query)]
    assert (done["status"], asked["status"]) == ("failed", "expired")
    assert asked["audience"] == {"role": "owner"}
    assert told == ["question.asked", "question.escalated", "question.expired"]
    shown = holdfast("question", "show", str(asked["id"]), url=holdfast_url, cwd=tmp_path).stdout
    assert "its asker is told that nobody answered" in shown


def test_templates_are_written_once_and_their_plans_can_be_looked_at(
    cli: Command, work_dir: Path
) -> None:
    assert {"bugfix", "feature", "research"} <= set(template_names())
    for name in ("bugfix", "feature", "research"):
        assert cli("plan", "new", name, "--folder", "new", "--task", "Do it.").code == 0
        assert cli("run", f"new/{name}.yaml", "--dry-run", "--json").code == 0
    assert (work_dir / "new" / "TASK.md").read_text() == "Do it.\n"
    assert json.loads((work_dir / "new/.holdfast/plan.schema.json").read_text()) == plan_schema()

    (work_dir / "new" / "feature.yaml").write_text("name: mine\n")
    refused = cli("plan", "new", "feature", "--folder", "new")
    assert refused.code == 1
    assert "is there already" in refused.err
    assert (work_dir / "new" / "feature.yaml").read_text() == "name: mine\n"


def test_the_schema_is_printed_for_editors(cli: Command) -> None:
    assert json.loads(cli("plan", "schema").out) == plan_schema()
