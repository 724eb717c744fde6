"""Real processes that use an embedded server, and what a test sees of them from outside.

As a program (`python -m tests.support.processes`) it is such a process: it joins, says what it got as a line of
JSON, and leaves when it is told to, or when its input ends and the interpreter with it.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

from holdfast.engine import embedded
from holdfast.errors import HoldfastError
from tests.support.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[2]
_POLL_SECONDS = 0.01
_PF_EXITING = 0x4  # Linux, include/linux/sched.h

_Found = TypeVar("_Found")


def wait_until(
    condition: Callable[[], _Found], what: str, seconds: float = PATIENCE_SECONDS
) -> _Found:
    """What a condition gives, as soon as that is true; a failure names what was waited for."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(_POLL_SECONDS)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is ending, or dead and not waited for, does not."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX" and not int(stat[6]) & _PF_EXITING


def _is_whole(pid: int) -> bool:
    """Whether a process may still hold files, and so locks; one that is ending gives them up one by one."""
    stat = _stat(pid)
    return stat is not None and stat[0] not in "ZX"


def _stat(pid: int) -> list[str] | None:
    """What the kernel tells of a process, from its state on (proc_pid_stat(5), from the third field)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def children_of(pid: int) -> list[int]:
    """The living processes that a process started."""
    entries = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    stats = ((other, _stat(other)) for other in entries)
    return [other for other, stat in stats if stat and stat[0] not in "ZX" and int(stat[1]) == pid]


def kill(*pids: int) -> None:
    """SIGKILL processes and wait until they are gone."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(_is_whole, pids)), f"the end of {pids}")


class Holder:
    """A process of its own that uses a server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._answer: dict[str, Any] | None = None

    @property
    def answer(self) -> dict[str, Any]:
        """What `join` gave it: `url`, or `error`, `message` and `hint`."""
        if self._answer is None:
            line = _output(self.process).readline()
            assert line, "the process ended without an answer"
            self._answer = json.loads(line)
        return self._answer

    @property
    def url(self) -> str:
        """The address of the server it uses."""
        assert "url" in self.answer, self.answer
        return str(self.answer["url"])

    def leave(self) -> None:
        """Have it leave and end."""
        self.forget("leave\n")

    def forget(self, command: str = "") -> None:
        """Have it end, without a word about leaving."""
        assert self.url
        self.process.communicate(command, timeout=PATIENCE_SECONDS)
        assert self.process.returncode == 0

    def kill(self) -> None:
        """SIGKILL it."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def holder(
    data_dir: Path,
    *,
    wrapped_in: Sequence[str] = (),
    user: str | None = None,
    env: dict[str, str] | None = None,
    timeout_seconds: float = PATIENCE_SECONDS,
    fsync: bool = False,
) -> Iterator[Holder]:
    """A process that uses the server of a data folder; it is gone when the block ends.

    Args:
        data_dir: the data folder.
        wrapped_in: a program that starts it, such as `setpriv`.
        user: another user to run it as; only root can.
        env: what its environment has besides ours.
        timeout_seconds: how long it waits for the server.
        fsync: whether the server waits for the disk.
    """
    command = [*wrapped_in, sys.executable, "-m", __name__, str(data_dir)]
    command += [f"--timeout-seconds={timeout_seconds}", *(["--fsync"] if fsync else [])]
    command += [f"--user={user}"] if user is not None else []
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(env or {})},
        start_new_session=True,
    )
    started = Holder(process)
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.communicate()


def _output(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--timeout-seconds", type=float)
    parser.add_argument("--fsync", action="store_true")
    parser.add_argument("--user")
    given = parser.parse_args()
    # A shell has its background jobs ignore it, and so all that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if given.user is not None:
        _become(given.user)
    try:
        held = embedded.join(
            given.data_dir, fsync=given.fsync, timeout_seconds=given.timeout_seconds
        )
    except HoldfastError as error:
        _say({"error": error.code, "message": error.message, "hint": error.hint})
        return
    _say({"url": held.url})
    if sys.stdin.readline() == "leave\n":
        held.leave()


def _become(user: str) -> None:
    # Only now: root's Python may lie where nobody else can start it.
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _main()
