"""`holdfast db migrate`, `status`, `verify` and `script`, as a person and a machine see them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.engine import migrate, texts
from tests.support import migration as support

HOLDFAST = Path(sys.executable).with_name("holdfast")


def holdfast(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as it is installed, on this database, with plain output."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
    environment |= {"HOLDFAST_DATABASE_URL": url, "COLUMNS": "80", "PYTHONUTF8": "1"}
    return subprocess.run(
        [HOLDFAST, "db", *arguments], capture_output=True, text=True, check=False, env=environment
    )


def migration_names() -> list[str]:
    return [f"{m.number:04d}_{m.name}" for m in texts.migrations()]


def test_migrate_tells_what_it_applied_and_then_that_there_is_nothing_to_do(
    database_url: str,
) -> None:
    first = holdfast(database_url, "migrate")
    assert first.returncode == 0, first.stderr
    for name in migration_names():
        assert re.search(rf"^. {name} +applied$", first.stdout, re.MULTILINE)
    second = holdfast(database_url, "migrate")
    assert second.returncode == 0
    assert second.stdout == f"Nothing to do: all {len(migration_names())} migrations are applied.\n"


def test_migrate_for_machines_tells_what_it_applied(database_url: str) -> None:
    told = json.loads(holdfast(database_url, "migrate", "--json").stdout)
    assert told["migrated"] == told["applied"] == migration_names()
    assert told["is_current"] is True
    assert json.loads(holdfast(database_url, "migrate", "--json").stdout)["migrated"] == []


def test_status_exits_1_until_all_is_applied(database_url: str) -> None:
    before = holdfast(database_url, "status")
    assert before.returncode == 1
    assert before.stdout.count("pending") == len(migration_names())
    assert before.stdout.endswith("Apply it with: holdfast db migrate\n")
    holdfast(database_url, "migrate")
    after = holdfast(database_url, "status")
    assert after.returncode == 0
    assert after.stdout.endswith("All is applied.\n")


def test_status_changes_nothing(database_url: str) -> None:
    holdfast(database_url, "status")
    there = asyncio.run(support.fetchval(database_url, "select to_regnamespace('holdfast')::text"))
    assert there is None


def test_status_names_what_has_drifted_and_exits_1(holdfast_url: str) -> None:
    drop = "alter table holdfast.plans drop constraint plans_ended_after_started"
    asyncio.run(support.execute(holdfast_url, drop))
    told = holdfast(holdfast_url, "status")
    assert told.returncode == 1
    assert re.search(
        r"constraint plans_ended_after_started on plans +changed in the database", told.stdout
    )
    found = json.loads(holdfast(holdfast_url, "status", "--json").stdout)
    assert found["drifted"] == ["constraint plans_ended_after_started on plans"]
    assert found["is_current"] is False


def test_after_the_script_status_says_that_all_is_applied(
    database_url: str, tmp_path: Path
) -> None:
    printed = holdfast(database_url, "script")
    assert printed.returncode == 0
    assert printed.stdout == migrate.script()
    file = tmp_path / "holdfast.sql"
    file.write_text(printed.stdout)
    support.run_script_with_psql(database_url, file)
    status = holdfast(database_url, "status")
    assert status.returncode == 0, status.stdout
    assert status.stdout.endswith("All is applied.\n")


def test_verify_numbers_its_checks_and_exits_0(holdfast_url: str) -> None:
    told = holdfast(holdfast_url, "verify")
    assert told.returncode == 0, told.stdout
    *lines, end = told.stdout.splitlines()
    numbers = []
    for line in lines:
        match = re.fullmatch(r"\[(\d+)/(\d+)\] +\S.* … +ok", line)
        assert match, line
        assert len(line) <= 80
        numbers.append((int(match[1]), int(match[2])))
    assert numbers == [(n, len(lines)) for n in range(1, len(lines) + 1)]
    assert end == f"All {len(lines)} checks passed; nothing was left behind."


def test_verify_tells_the_failed_check_and_exits_1(holdfast_url: str) -> None:
    drop = "drop index holdfast.idx_auto_proceed_sessions_created"
    asyncio.run(support.execute(holdfast_url, drop))
    told = holdfast(holdfast_url, "verify")
    assert told.returncode == 1
    failed = [line for line in told.stdout.splitlines() if "FAILED" in line]
    assert len(failed) == 1
    assert re.search(r"index idx_auto_proceed_sessions_created … +FAILED it is missing", failed[0])
    found = json.loads(holdfast(holdfast_url, "verify", "--json").stdout)
    assert found["passed"] is False
    assert [c["name"] for c in found["checks"] if not c["passed"]] == [
        "index idx_auto_proceed_sessions_created"
    ]


@pytest.mark.parametrize("command", ["migrate", "status", "verify"])
def test_a_database_that_is_not_there_is_one_clear_line(command: str, database_url: str) -> None:
    told = holdfast(re.sub(r"/test_\w+", "/not_there", database_url), command)
    assert told.returncode == 1
    first, second = told.stderr.splitlines()
    assert first.startswith("error: ")
    assert "not_there" in first
    assert second.startswith("next: ")


def test_verify_of_an_empty_database_names_the_next_step(database_url: str) -> None:
    told = holdfast(database_url, "verify")
    assert told.returncode == 1
    assert told.stderr.splitlines()[1].endswith("holdfast db migrate")
