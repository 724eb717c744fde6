"""`holdfast up` itself, a process of its own, and `holdfast token`."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.command_line import Command
from tests.support.mcp import plain_environment
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import wait_until


class Up:
    """A running `holdfast up`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        self.process = process
        self.told: dict[str, Any] = json.loads(line)
        self.url: str = self.told["url"]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "holdfast", "up", "--json", *arguments]


@contextmanager
def up(url: str, folder: Path, *arguments: str) -> Iterator[Up]:
    """Run it on a database; it is gone when the block ends."""
    process = subprocess.Popen(
        command("--port", "0", *arguments),
        cwd=folder,
        env=plain_environment() | {"HOLDFAST_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Up(process)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_works_and_ends_in_seconds_with_a_client_connected(
    holdfast_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    with (
        up(holdfast_url, tmp_path) as running,
        httpx2.Client(base_url=running.url, timeout=PATIENCE_SECONDS) as browser,
    ):
        assert browser.get("/readyz").json() == {"status": "ok"}
        assert browser.get(running.told["sign_in"]).status_code == 303
        assert browser.get("/api/v1/me").json()["kind"] == "cookie"
        spawned = browser.post(
            "/rpc/create_execution",
            json={"name": "say", "kind": "command", "input": {"command": ["true"]}},
            headers={"Origin": running.url},
        )
        assert spawned.status_code == 200, spawned.text
        done = f"/rest/v1/agent_executions?id=eq.{spawned.json()}&status=eq.completed"
        wait_until(lambda: browser.get(done).json(), "the worker's work")
        parts = urlsplit(running.url)
        held_open = socket.create_connection((parts.hostname, parts.port))
        running.process.send_signal(number)
        assert running.process.wait(PATIENCE_SECONDS) == 0
        held_open.close()
        assert running.process.stderr is not None
        assert "Traceback" not in running.process.stderr.read()


def test_a_second_one_at_the_same_port_says_who_has_it(holdfast_url: str, tmp_path: Path) -> None:
    with up(holdfast_url, tmp_path, "--no-worker") as running:
        port = str(urlsplit(running.url).port)
        second = subprocess.run(
            command("--port", port),
            cwd=tmp_path,
            env=plain_environment() | {"HOLDFAST_DATABASE_URL": holdfast_url},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert second.returncode == 1
        assert f"/{running.process.pid})" in second.stderr
        assert "holdfast up (process" in second.stderr
        assert "--port" in second.stderr


def test_a_port_that_something_else_has_is_told(cli: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        cli("up", "--port", port).assert_refused(
            f"Port {port} of 127.0.0.1 is taken by another program.",
            "Use that one, or choose another with --port.",
        )


def test_other_machines_are_not_let_near_before_they_can_say_who_they_are(cli: Command) -> None:
    told = cli("up", "--host", "0.0.0.0", "--port", "0")
    assert told.code == 1
    assert "nothing says how they prove who they are" in told.err
    assert "holdfast token create" in told.err
    assert cli("up", "--host", "no.such.address.invalid", "--port", "0").code == 1


def test_tokens_are_made_listed_and_revoked(cli: Command) -> None:
    assert cli("token", "list").out == "There are no tokens.\n"
    made = cli("token", "create", "ci", "--role", "operator", "--expires", "90d", "--json").json
    assert made["token"].startswith("hf_")
    [listed] = cli("token", "list", "--json").json
    assert (listed["name"], listed["role"], listed["holds"]) == ("ci", "operator", True)
    assert listed["expires_at"] is not None
    assert made["token"] not in str(listed)
    assert "operator" in cli("token", "list").out
    assert cli("token", "revoke", made["id"][-8:]).out == f"{made['id'][-8:]} is revoked.\n"
    assert cli("token", "list", "--json").json == []
    assert "revoked" in cli("token", "list", "--all").out
    assert "was revoked at" in cli("token", "revoke", made["id"]).err
    assert cli("token", "create", "x", "--expires", "soon").code == 1
    assert cli("token", "revoke", "12345678").code == 1


def test_a_link_for_another_browser(cli: Command) -> None:
    link = cli("sign-in", "--url", "https://holdfast.example.com/", "--json").json["sign_in"]
    assert link.startswith("https://holdfast.example.com/sign-in?ticket=")
