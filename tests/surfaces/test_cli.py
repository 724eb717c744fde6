"""Every command, as a person and as a machine uses it, with what is right and with what is wrong."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

import holdfast
from holdfast.runtime.worker import Worker
from tests.support import workers
from tests.support.command_line import Command, Told, command_line

PLAN = """
name: small
steps:
  - id: write
    title: Write it down
    role: writer
    command: [sh, -c, echo written]
  - id: check
    needs: [write]
    verify: {command: [sh, -c, echo all is well]}
"""
GATED = "name: gated\nsteps:\n  - {id: deploy, gate: {message: Deployed}}\n"
NO_ID = "01234567-0123-7123-8123-012345678901"


@pytest.fixture
def command(
    work_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command line, in a folder of its own."""

    return command_line(monkeypatch, capsys)


@pytest.fixture
def cli(command: Command, holdfast_url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line on a migrated database."""
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", holdfast_url)
    return command


def write(name: str, text: str) -> Path:
    file = Path(name)
    file.write_text(text)
    return file


def detached(cli: Command, text: str = PLAN) -> Any:
    """A plan that was made and waits for a worker."""
    return cli("run", write("plan.yaml", text), "--detach", "--json").json


def asked(cli: Command) -> Any:
    """The question of a gate."""
    detached(cli, GATED)

    async def work() -> Any:
        async with holdfast.connect() as hf:
            worker = Worker(hf)
            worker.start()
            try:
                return await workers.until(hf.questions)
            finally:
                await worker.stop()

    [question] = asyncio.run(work())
    return question


# What is right.


def test_a_plan_runs_to_its_end_and_tells_its_story(cli: Command) -> None:
    lines = cli("run", write("plan.yaml", PLAN), "--json").out.splitlines()

    [plan] = json.loads(lines[-1])["plans"]
    assert (plan["status"], plan["name"]) == ("completed", "small")
    story = cli("plan", plan["id"], "--json").json
    assert [step["status"] for step in story["steps"]] == ["completed", "completed"]
    assert story["steps"][1]["exit_code"] == 0
    told = cli("plan", plan["id"][-8:])
    assert told.code == 0
    for word in ("small", "Write it down", "writer", "exit 0", "sha256"):
        assert word in told.out


def test_a_plan_that_fails_ends_with_an_exit_code(cli: Command) -> None:
    failing = PLAN.replace("echo all is well", "exit 3")

    assert cli("run", write("plan.yaml", failing), "--json").code == 1


def test_a_detached_plan_waits_for_a_worker(cli: Command) -> None:
    made = detached(cli)

    [plan] = cli("status", "--json").json["plans"]
    assert (plan["id"], plan["status"]) == (made["id"], "pending")
    assert "holdfast worker" in cli("run", "plan.yaml", "--detach").out
    assert "small" in cli("status").out
    assert (
        json.loads(cli("watch", made["id"], "--once", "--json").out)["plans"][0]["id"] == made["id"]
    )
    assert "small" in cli("watch", "--once").out


def test_status_says_where_to_begin(cli: Command) -> None:
    assert "holdfast run" in cli("status").out
    assert "Nobody waits for you" in cli("questions").out


def test_a_question_is_listed_and_answered(cli: Command) -> None:
    question = asked(cli)
    assert "Deployed" in cli("questions").out
    assert [row["id"] for row in cli("questions", "--json").json] == [str(question["id"])]

    told = cli("answer", str(question["id"])[-8:], "approve", "--by", "ada", "--json").json

    assert told == {"question_id": str(question["id"]), "answer": "approve"}
    assert cli("questions", "--json").json == []
    [settled] = cli("questions", "--all", "--json").json
    assert (settled["answer"], settled["answered_by"]) == ("approve", "ada")
    cli("answer", question["id"], "reject").assert_refused_with(
        "was answered", "ada", "first answer"
    )


def test_an_answer_that_is_no_option_is_refused(cli: Command) -> None:
    question = asked(cli)

    cli("answer", question["id"], "maybe").assert_refused_with("maybe", "approve", "reject")


def test_a_question_is_shown_and_withdrawn_and_then_takes_no_answer(cli: Command) -> None:
    question = str(asked(cli)["id"])
    assert [row["id"] for row in cli("inbox", "--mine", "--json").json] == [question]
    shown = cli("question", "show", question).out
    for told in ("for", "operators (you)", "approve | reject", "waits for it"):
        assert told in shown
    cli("answer", question).assert_refused_with("nobody is at a terminal", "approve | reject")

    assert cli("question", "withdraw", question, "--reason", "not today").code == 0
    cli("answer", question, "approve").assert_refused_with("was withdrawn", "not today")
    assert cli("question", "show", question, "--json").json["close_reason"] == "not today"


def test_events_go_on_from_a_cursor(cli: Command) -> None:
    detached(cli)
    everything = [json.loads(line) for line in cli("events", "--json").out.splitlines()]
    cursor = everything[1]["cursor"]

    rest = [
        json.loads(line) for line in cli("events", "--since", cursor, "--json").out.splitlines()
    ]

    assert rest == everything[2:]
    assert {event["specversion"] for event in everything} == {"1.0"}
    assert "plan.created" in cli("events").out


@pytest.mark.parametrize("as_json", [True, False])
def test_a_database_is_migrated_and_looked_at(
    command: Command, database_url: str, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", database_url)
    flags = ["--json"] if as_json else []

    assert command("db", "status", *flags).code == 1
    assert command("db", "migrate", *flags).code == 0
    assert command("db", "status", *flags).code == 0
    assert command("db", "verify", *flags).code == 0
    assert command("db", "script").code == 0


# What is wrong.


@pytest.mark.parametrize("name", ["status", "questions", "events", "watch"])
def test_a_database_that_was_not_migrated_is_one_line(
    command: Command, database_url: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", database_url)

    command(name).assert_refused_with("not been migrated", "next:  Run: holdfast db migrate")


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["questions"],
        ["answer", NO_ID, "yes"],
        ["plan", NO_ID],
        ["watch"],
        ["worker"],
        ["events"],
        ["db", "status"],
        ["db", "migrate"],
        ["db", "verify"],
    ],
)
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://ada:secret@127.0.0.1:1/x", "cannot be reached"),
        ("postgresql:///nowhere?host=/no/such/folder", "cannot be reached"),
        ("mysql://localhost/x", "mysql"),
    ],
)
def test_without_a_server_every_command_says_so_on_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch, arguments: list[str], url: str, told: str
) -> None:
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", url)

    refused = command(*arguments)

    refused.assert_refused_with(told, "HOLDFAST_DATABASE_URL")
    assert "secret" not in refused.err


def test_a_server_that_refuses_says_why(
    command: Command, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", re.sub(r"/[^/?]*\?", "/no_such_one?", server_url))

    command("status").assert_refused_with('database "no_such_one" does not exist')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PLAN.replace("needs:", "need:"), ["steps[1]", "need is not a key", "Did you mean needs?"]),
        (PLAN.replace("verify:", "verfy:"), ["steps[1]", "verfy", "Did you mean verify?"]),
        (PLAN.replace("[write]", "[wrote]"), ["steps[1] (check).needs", "Did you mean write?"]),
        (PLAN.replace("[write]", "write"), ["steps[1] (check).needs = 'write' is not a list"]),
        (PLAN.replace("id: check", "id: write"), ["two steps have the id write"]),
        (PLAN.replace("id: check", "id: 'a b'"), ["a b"]),
        (PLAN.replace("name: small", ""), ["name is missing"]),
        (PLAN.replace("small", "x" * 300), ["name"]),
        ("name: small\nsteps: []\n", ["steps is empty"]),
        ("name: small\nsteps: 7\n", ["steps = 7 is not a list"]),
        ("just a text", ["is not a mapping"]),
        ("", ["is not a mapping"]),
        ("name: [", ["line ", "not YAML"]),
        (GATED.replace("Deployed", "Deployed, approve: [sure]"), ["approve = ['sure']"]),
    ],
)
def test_a_plan_file_that_is_wrong_is_told_with_file_place_and_nearest_key(
    cli: Command, text: str, told: list[str]
) -> None:
    file = write("plan.yaml", text)

    cli("run", file).assert_refused_with("plan.yaml", *told)
    assert cli("status", "--json").json["plans"] == []


def test_a_plan_file_that_cannot_be_read_is_told(cli: Command) -> None:
    cli("run", "no-such-plan.yaml").assert_refused_with("no-such-plan.yaml", "No such file")
    cli("run", ".").assert_refused_with("cannot be read")
    Path("plan.yaml").write_bytes(b"\xff\xfe\x00")
    cli("run", "plan.yaml").assert_refused_with("plan.yaml", "cannot be read")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", NO_ID], ["There is no plan", "holdfast status"]),
        (["plan", "../etc"], ["'../etc' is no id of a plan"]),
        (["watch", NO_ID], ["There is no plan"]),
        (["answer", NO_ID, "yes"], ["There is no question", "holdfast questions"]),
        (["answer", "%", "yes"], ["'%' is no id of a question"]),
        (["events", "--since", "yesterday"], ["yesterday"]),
        (["status", "--venture", "no such\nslug"], ["slug"]),
        (["worker", "--lease-seconds", "-1"], ["lease_seconds"]),
        (["worker", "--lease-seconds", "0"], ["lease_seconds"]),
        (["worker", "--executions", "-1"], ["worker_executions"]),
        (["worker", "--app", "no_such_module:hf"], ["--app no_such_module:hf", "module:name"]),
        (["worker", "--app", "json:dumps"], ["--app json:dumps", "not a Holdfast"]),
        (["up", "--only-database"], ["embedded server"]),
        (["down"], ["embedded server"]),
    ],
)
def test_a_wrong_value_is_one_line_with_the_next_step(
    cli: Command, arguments: list[str], told: list[str]
) -> None:
    cli(*arguments).assert_refused_with(*told)


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["run"],
        ["answer"],
        ["status", "--no-such-option"],
        ["worker", "--lease-seconds", "soon"],
        ["db", "no-such-command"],
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2_and_two_lines(
    cli: Command, arguments: list[str]
) -> None:
    told = cli(*arguments)

    assert told.code == 2
    error, hint = told.err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("next:  ")
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("name", "value"),
    [("lease_seconds", "soon"), ("pool_size", "0"), ("retention_days", "-3"), ("vneture", "x")],
)
def test_a_setting_that_is_wrong_is_named(cli: Command, name: str, value: str) -> None:
    write("holdfast.toml", f"{name} = {value!r}\n")

    cli("status").assert_refused_with("holdfast.toml", name)


def test_the_program_is_there_as_a_module_and_ends_with_an_exit_code(work_dir: Path) -> None:
    told = workers.holdfast("status", url="postgresql://127.0.0.1:1/x", cwd=work_dir)

    Told(told.returncode, told.stdout, told.stderr).assert_refused_with("cannot be reached")
