"""Plan files on the command line: written from a template, looked at before they run, and told in a progress document."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from holdfast.plans.schema import plan_schema
from holdfast.plans.template_files import template_names
from tests.support.command_line import Command

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
