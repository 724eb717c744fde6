"""A hook of a plan: runs its command, and tells the agent what it printed when it fails.

The agent program starts it with the moment, the seconds that it may take, and the command; the event is on standard input.
Exit code 2 hands standard error to the model: before a tool it also stops the tool.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

GOES_BACK = 2
_MOST_TOLD_CHARACTERS = 8_000
# Also with options of git's own before it: git -C folder commit.
_COMMIT = re.compile(r"\bgit\b(?:\s+-{1,2}[\w-]+(?:[= ]\S+)?)*\s+commit(?![\w-])")


def main(arguments: list[str] | None = None) -> int:
    """Run the hook; gives its exit code."""
    moment, seconds, *command = arguments if arguments is not None else sys.argv[1:]
    if moment == "before_commit" and not is_commit(_event()):
        return 0
    failure = _failure(command, float(seconds))
    if failure is None:
        return 0
    sys.stderr.write(failure)
    return GOES_BACK


def is_commit(event: dict[str, Any]) -> bool:
    """Whether a tool call makes a commit.

    >>> is_commit({"tool_input": {"command": "cd a && git -C b commit -m x"}})
    True
    >>> is_commit({"tool_input": {"command": "git commit-graph write"}})
    False
    """
    given = event.get("tool_input")
    return isinstance(given, dict) and bool(_COMMIT.search(str(given.get("command", ""))))


def _failure(command: list[str], seconds: float) -> str | None:
    told = f"The plan's hook `{' '.join(command)}`"
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{told} was ended after {seconds:g} seconds."
    except OSError as error:
        return f"{told} could not be started: {error.strerror or error}."
    if done.returncode == 0:
        return None
    printed = done.stdout.decode(errors="replace")[-_MOST_TOLD_CHARACTERS:]
    return f"{told} failed with exit code {done.returncode}:\n{printed}"


def _event() -> dict[str, Any]:
    try:
        event = json.load(sys.stdin.buffer)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
