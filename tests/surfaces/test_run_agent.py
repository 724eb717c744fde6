"""`holdfast run-agent`: a program's session lives as long as the program does, and the program no longer than its lease."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import is_alive, wait_until
from tests.support.workers import (
    Rows,
    ended,
    environment,
    holdfast,
    paused,
    process,
    rows_of,
    until,
)

PIPE: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
# It says who it and its child are, and waits for a file.
PROGRAM = """
sleep 1000 & echo $! > grandchild
echo $$ > pid.new; mv pid.new pid
until test -e go; do sleep 0.05; done
kill $(cat grandchild)
"""


@pytest.fixture
async def rows(holdfast_url: str) -> AsyncIterator[Rows]:
    async with rows_of(holdfast_url) as opened:
        yield opened


@pytest.fixture
def place(work_dir: Path) -> Path:
    """A project whose programs end with the test."""
    (work_dir / ".git").mkdir()
    return work_dir


@contextmanager
def wrapped(
    url: str, cwd: Path, *arguments: str, script: str = PROGRAM, lease_seconds: float = 1.0
) -> Iterator[subprocess.Popen[str]]:
    """A wrapper whose program has begun; nothing of either is left when the block ends."""
    command = ["-m", "holdfast", "run-agent", *arguments, "--", "sh", "-c", script]
    env = environment(url, lease_seconds=lease_seconds)
    with process(*command, env=env, cwd=cwd, **PIPE) as started:
        try:
            wait_until((cwd / "pid").exists, "the program")
            yield started
        finally:
            for name in ("pid", "grandchild"):
                with suppress(ProcessLookupError, FileNotFoundError):
                    os.kill(number(cwd / name), signal.SIGKILL)
            (cwd / "pid").unlink(missing_ok=True)


def number(file: Path) -> int:
    return int(file.read_text())


async def outcome(started: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code and what was told on standard error."""
    _, told = await asyncio.to_thread(started.communicate, timeout=60)
    return started.returncode, told


async def session(rows: Rows) -> Any:
    [row] = await rows.all("select * from holdfast.claude_sessions")
    return row


async def holder(rows: Rows, key: str) -> str | None:
    found: str | None = await rows.one(
        "select s.session_id from holdfast.directive_claims c"
        " join holdfast.directives d on d.id = c.directive_id"
        " join holdfast.claude_sessions s on s.id = c.session_id"
        " where d.sd_key = $1 and c.lease_expires_at > now()",
        key,
    )
    return found


@pytest.mark.parametrize(("code", "state"), [(0, "ended"), (3, "lost")])
async def test_it_gives_the_programs_output_and_exit_code_and_lets_the_session_go(
    holdfast_url: str, place: Path, rows: Rows, code: int, state: str
) -> None:
    script = f'read x; echo "$x $HOLDFAST_SESSION $HOLDFAST_VENTURE"; echo err >&2; exit {code}'
    done = await asyncio.to_thread(
        subprocess.run,
        [
            sys.executable,
            "-m",
            "holdfast",
            "run-agent",
            "--session-id",
            "S-1",
            "--",
            "sh",
            "-c",
            script,
        ],
        input="said\n",
        env=environment(holdfast_url),
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (code, "said S-1 default\n")
    assert "err" in done.stderr.splitlines()
    found = await session(rows)
    assert (found["state"], found["agent"]) == (state, "sh")


async def test_the_lease_outlasts_its_length_while_the_program_says_nothing(
    holdfast_url: str, place: Path, rows: Rows
) -> None:
    holdfast("directive", "add", "SD-1", "one", url=holdfast_url, cwd=place)
    with wrapped(holdfast_url, place, "--claim", "SD-1") as started:
        first = (await session(rows))["lease_expires_at"]

        async def is_later() -> bool:
            return bool(
                await rows.one("select now() > $1::timestamptz + interval '1 second'", first)
            )

        await until(is_later)
        found = await session(rows)
        assert found["lease_epoch"] == 1
        assert await holder(rows, "SD-1") == found["session_id"]
        (place / "go").touch()
        assert (await outcome(started))[0] == 0
    assert await holder(rows, "SD-1") is None


async def test_a_killed_program_leaves_its_session_to_be_resumed_at_once(
    holdfast_url: str, place: Path, rows: Rows
) -> None:
    holdfast("directive", "add", "SD-1", "one", url=holdfast_url, cwd=place)
    with wrapped(
        holdfast_url, place, "--session-id", "S-1", "--claim", "SD-1", lease_seconds=600
    ) as started:
        os.kill(number(place / "pid"), signal.SIGKILL)

        code, told = await outcome(started)

    assert code == 128 + signal.SIGKILL
    assert "ended by SIGKILL; resume it with: holdfast run-agent --session-id S-1 -- …" in told
    assert (await session(rows))["state"] == "lost"
    assert await holder(rows, "SD-1") is None
    assert not is_alive(number(place / "grandchild")), "the whole group is stopped"


async def test_a_killed_wrapper_takes_its_program_along_and_another_goes_on(
    holdfast_url: str, place: Path, rows: Rows
) -> None:
    holdfast("directive", "add", "SD-1", "one", url=holdfast_url, cwd=place)
    with wrapped(holdfast_url, place, "--session-id", "S-1", "--claim", "SD-1") as started:
        pids = [number(place / "pid"), number(place / "grandchild")]
        started.kill()
        await ended(started)
        wait_until(lambda: not any(map(is_alive, pids)), "the end of the program")

    async def is_over() -> bool:
        return await holder(rows, "SD-1") is None

    await until(is_over)
    with wrapped(holdfast_url, place, "--session-id", "S-1") as second:
        assert await holder(rows, "SD-1") == "S-1", "what it held is its own again"
        (place / "go").touch()
        code, told = await outcome(second)
    assert code == 0
    assert "session S-1 resumed, holds SD-1" in told


async def test_signals_are_the_programs(holdfast_url: str, place: Path) -> None:
    script = f"trap 'exit 5' TERM\n{PROGRAM}"
    with wrapped(holdfast_url, place, script=script) as started:
        started.terminate()

        assert (await outcome(started))[0] == 5


async def test_a_directive_that_is_taken_by_force_stops_the_program(
    holdfast_url: str, place: Path, tmp_path: Path
) -> None:
    holdfast("directive", "add", "SD-1", "one", url=holdfast_url, cwd=place)
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    with wrapped(holdfast_url, place, "--session-id", "S-1", "--claim", "SD-1") as started:
        pids = [number(place / "pid"), number(place / "grandchild")]
        holdfast("session", "start", "--id", "S-2", url=holdfast_url, cwd=other)
        taken = holdfast(
            *("session", "claim", "SD-1", "--force", "--reason", "mine now"),
            url=holdfast_url,
            cwd=other,
        )
        assert taken.returncode == 0, taken

        code, told = await outcome(started)

    assert code == 1
    assert "error: The program is stopped: SD-1 was taken over: S-2 holds it since" in told
    assert "next:  To go on with it later: holdfast run-agent --session-id S-1" in told
    assert not any(map(is_alive, pids))


async def test_a_directive_that_the_program_gives_back_or_switches_does_not_stop_it(
    holdfast_url: str, place: Path, rows: Rows
) -> None:
    for key in ("SD-1", "SD-2"):
        holdfast("directive", "add", key, key, url=holdfast_url, cwd=place)
    with wrapped(holdfast_url, place, "--session-id", "S-1", "--claim", "SD-1") as started:
        for command in (["switch", "SD-2"], ["release"], ["claim", "SD-1"]):
            done = holdfast("session", *command, "--session", "S-1", url=holdfast_url, cwd=place)
            assert done.returncode == 0, done
            before = (await session(rows))["heartbeat_at"]

            async def is_beaten(before: Any = before) -> bool:
                return bool((await session(rows))["heartbeat_at"] > before)

            await until(is_beaten)
        (place / "go").touch()
        assert (await outcome(started))[0] == 0


async def test_a_program_may_end_its_session_itself(
    holdfast_url: str, place: Path, rows: Rows
) -> None:
    with wrapped(holdfast_url, place, "--session-id", "S-1", lease_seconds=0.5) as started:
        done = holdfast("session", "end", "--session", "S-1", url=holdfast_url, cwd=place)
        assert done.returncode == 0, done
        assert started.poll() is None
        (place / "go").touch()

        assert (await outcome(started))[0] == 0
    assert (await session(rows))["state"] == "ended"


async def test_a_wrapper_that_slept_too_long_finds_the_other_and_stops_its_program(
    holdfast_url: str, place: Path, tmp_path: Path, rows: Rows
) -> None:
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    with wrapped(holdfast_url, place, "--session-id", "S-1") as started:
        await paused(started)

        async def is_over() -> bool:
            return bool(
                await rows.one("select lease_expires_at < now() from holdfast.claude_sessions")
            )

        await until(is_over)
        taken = holdfast("session", "start", "--id", "S-1", url=holdfast_url, cwd=other)
        assert taken.returncode == 0, taken
        new = (await session(rows))["lease_holder"]
        started.send_signal(signal.SIGCONT)

        code, told = await outcome(started)

        assert code == 1
        assert "The program is stopped: " in told
        assert new in told
        assert not is_alive(number(place / "pid"))


@contextmanager
def unreachable(server_url: str, url: str) -> Iterator[None]:
    """The database lets nobody in, and throws everybody out."""
    name = url.partition("?")[0].rpartition("/")[2]

    async def let_in(allowed: bool) -> None:
        async with rows_of(url.replace(f"/{name}", "/postgres")) as rows:
            await rows.all(f"alter database {name} with allow_connections {allowed}")
            if not allowed:
                query = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1"
                await rows.all(query, name)

    def run(allowed: bool) -> None:
        asyncio.run(let_in(allowed))

    run(False)
    try:
        yield
    finally:
        run(True)


def test_a_database_that_comes_back_in_time_costs_nothing(
    server_url: str, holdfast_url: str, place: Path
) -> None:
    with wrapped(holdfast_url, place, "--session-id", "S-1", lease_seconds=600) as started:
        with unreachable(server_url, holdfast_url):
            assert started.poll() is None
        (place / "go").touch()
        _, told = started.communicate(timeout=60)

    assert started.returncode == 0, told
    shown = holdfast("session", "show", "--session", "S-1", url=holdfast_url, cwd=place)
    assert "ended" in shown.stdout


def test_a_database_that_stays_away_stops_the_program_when_its_lease_is_over(
    server_url: str, holdfast_url: str, place: Path
) -> None:
    with wrapped(holdfast_url, place, "--session-id", "S-1", lease_seconds=2) as started:
        with unreachable(server_url, holdfast_url):
            _, told = started.communicate(timeout=60)
        assert not is_alive(number(place / "pid"))

    assert started.returncode == 1
    assert "The database is away, and the lease has run out meanwhile" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--claim", "SD-9"], "error: There is no directive SD-9."),
        (["--session-id", "S-1"], "error: The session S-1 is running under a lease of"),
    ],
)
def test_what_is_refused_starts_no_program(
    holdfast_url: str, place: Path, arguments: list[str], error: str
) -> None:
    holdfast("directive", "add", "SD-1", "one", url=holdfast_url, cwd=place)
    holdfast("session", "start", "--id", "S-1", url=holdfast_url, cwd=place)

    done = holdfast("run-agent", *arguments, "--", "touch", "ran", url=holdfast_url, cwd=place)

    assert done.returncode == 1
    assert error in done.stderr
    assert not (place / "ran").exists()


def test_a_program_that_is_not_there_is_told(holdfast_url: str, place: Path) -> None:
    done = holdfast("run-agent", "--", "no-such-program", url=holdfast_url, cwd=place)

    assert done.returncode == 1
    assert "error: no-such-program could not be started: No such file or directory." in done.stderr
    listed = holdfast("session", "list", url=holdfast_url, cwd=place)
    assert "running" not in listed.stdout


def test_a_program_at_a_terminal_reads_from_it_and_can_be_suspended(
    holdfast_url: str, place: Path
) -> None:
    command = [sys.executable, "-m", "holdfast", "run-agent", "--session-id", "S-1", "--"]
    command += ["sh", "-c", "echo $$ > pid; read line; echo got $line > said; exit 4"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(place)
        os.execve(command[0], command, environment(holdfast_url, lease_seconds=600))
    wait_until((place / "pid").exists, "the program")
    program = number(place / "pid")

    def state(of: int) -> str:
        return Path(f"/proc/{of}/stat").read_text().rpartition(")")[2].split()[0]

    wait_until(lambda: os.tcgetpgrp(terminal) == program, "the program to have the terminal")
    os.write(terminal, b"\x1a")  # Ctrl-Z
    wait_until(lambda: state(pid) == "T" and state(program) == "T", "both to be stopped")
    shown = holdfast("session", "show", "--session", "S-1", url=holdfast_url, cwd=place)
    assert "silent until" in shown.stdout
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: state(program) != "T", "the program to go on")
    os.write(terminal, b"hello\n")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 4
    assert (place / "said").read_text() == "got hello\n"
    shown = holdfast("session", "show", "--session", "S-1", url=holdfast_url, cwd=place)
    assert "silent until" not in shown.stdout
