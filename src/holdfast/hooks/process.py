"""Which process an agent program is: its number alone is given again to others, with its start time it is not.

Standard library only: a hook imports this.
"""

from __future__ import annotations

import os
import socket

_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "fish", "busybox", "env", "timeout"))
_MOST_ANCESTORS = 10


def incarnation(pid: int) -> str:
    """What tells one run of a program from every other: machine, process, start.

    >>> incarnation(os.getpid()) == incarnation(os.getpid())
    True
    """
    return f"{socket.gethostname()}/{pid}/{started(pid)}"


def is_alive(pid: int, start: str) -> bool:
    """Whether the process that began then still runs."""
    return started(pid) == start


def started(pid: int) -> str:
    """When a process began, in the system's own words; empty when there is none.

    >>> started(2**22 + 1)
    ''
    """
    return _look(pid)[1]


def agent_pid(pid: int) -> int:
    """The agent program above a hook: the nearest ancestor that is no shell."""
    for _ in range(_MOST_ANCESTORS):
        name, _start, parent = _look(pid)
        if name not in _SHELLS or parent <= 1:
            break
        pid = parent
    return pid


def _look(pid: int) -> tuple[str, str, int]:
    """A process's name, start and parent."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            head, _, tail = file.read().rpartition(")")
    except OSError:
        return _look_without_proc(pid) if not os.path.isdir("/proc/self") else ("", "", 0)  # noqa: PTH112
    fields = tail.split()
    if fields[0] in "ZX":  # it has ended, and its parent has not looked yet
        return "", "", 0
    return head.partition("(")[2], fields[19], int(fields[1])


def _look_without_proc(pid: int) -> tuple[str, str, int]:
    import subprocess  # noqa: PLC0415 - slow to import, and not needed on Linux

    shown = subprocess.run(
        ["ps", "-o", "ppid=,lstart=,comm=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    if len(shown) < 7:  # noqa: PLR2004  # parent, five words of a date, name
        return "", "", 0
    return os.path.basename(shown[6]), "_".join(shown[1:6]), int(shown[0])  # noqa: PTH119
