"""The one entry point of every hook: `holdfast-hook claude|codex|gemini`, with the event on standard input.

It imports nothing that is slow to import. Whatever goes wrong, no traceback reaches the agent program: an event that
fences is refused when nobody can say whether the session may go on, every other event passes.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time

from holdfast.hooks.meeting import meeting_point
from holdfast.hooks.process import agent_pid, incarnation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROGRAMS = ("claude", "codex", "gemini")
ANSWER_SECONDS = 2.0
START_SECONDS = 8.0
"""A session that begins may wait longer: its companion starts, and its place can be told only then."""
START = "SessionStart"
FENCES = frozenset(("UserPromptSubmit", "PreToolUse", "BeforeAgent", "BeforeTool"))
STATUSLINE = "Statusline"
_AT_LEAST_ONCE_SECONDS = 0.02
_DENY = 2  # the exit code with which a hook refuses, in all three programs


def main() -> int:
    """Hand one event to the session's companion and print its answer."""
    program = sys.argv[1] if len(sys.argv) > 1 else ""
    if program not in PROGRAMS:
        sys.stderr.write(
            f"error: program = {program!r:.60} is not one of {', '.join(PROGRAMS)}.\n"
            "next:  holdfast hooks install PROGRAM writes the right command\n"
        )
        return 1
    event: dict[str, Any] = {}
    try:
        event = _read_event(sys.argv[2:] == ["statusline"])
        return _tell(_answer(program, event))
    except Exception as error:  # nothing of ours may reach the agent's context but a sentence
        return _unsure(event, error)


def _read_event(is_statusline: bool) -> dict[str, Any]:
    event = json.loads(sys.stdin.buffer.read())
    if not isinstance(event, dict) or not event.get("session_id"):
        raise ValueError("the event on standard input names no session_id")
    if is_statusline:
        event["hook_event_name"] = STATUSLINE
    return event


def _answer(program: str, event: dict[str, Any]) -> dict[str, Any]:
    given = os.environ.get("CLAUDE_PID", "")
    pid = int(given) if given.isdigit() else agent_pid(os.getppid())
    me = incarnation(pid)
    point = meeting_point(event["session_id"], me)
    project = os.environ.get("CLAUDE_PROJECT_DIR") or event.get("cwd") or os.getcwd()  # noqa: PTH109
    patience = START_SECONDS if event["hook_event_name"] == START else ANSWER_SECONDS
    until = time.monotonic() + patience
    try:
        channel = _connect(point)
    except OSError:  # there is none, or it has died
        if event["hook_event_name"] == STATUSLINE:
            return {"stdout": "holdfast: not connected"}
        from holdfast.hooks.starting import start_companion  # noqa: PLC0415

        start_companion(program, event["session_id"], me, project, point)
        until += START_SECONDS - patience
        channel = _connect_until(point, until)
    request = {
        "event": event,
        "seconds": until - time.monotonic(),
        "attended": os.environ.get("CLAUDE_CODE_SESSION_ATTENDED") != "0",
    }
    with channel:
        channel.sendall(json.dumps(request).encode() + b"\n")
        return _read_answer(channel, until)


def _connect(point: str) -> socket.socket:
    channel = socket.socket(socket.AF_UNIX)
    try:
        channel.settimeout(ANSWER_SECONDS)
        channel.connect(point)
    except OSError:
        channel.close()
        raise
    return channel


def _connect_until(point: str, until: float) -> socket.socket:
    while True:
        try:
            return _connect(point)
        except OSError:
            if time.monotonic() > until:
                raise TimeoutError("its companion did not start in time") from None
            time.sleep(_AT_LEAST_ONCE_SECONDS)


def _read_answer(channel: socket.socket, until: float) -> dict[str, Any]:
    """The companion's answer; while it says that it is working, it may take longer."""
    buffer = b""
    while True:
        channel.settimeout(max(until - time.monotonic(), _AT_LEAST_ONCE_SECONDS))
        try:
            part = channel.recv(65536)
        except TimeoutError:
            raise TimeoutError("its companion did not answer in time") from None
        if not part:
            raise ConnectionError("its companion stopped")
        buffer += part
        while b"\n" in buffer:
            line, _, buffer = buffer.partition(b"\n")
            answer: dict[str, Any] = json.loads(line)
            if "working" not in answer:
                return answer
            until = time.monotonic() + ANSWER_SECONDS


def _tell(answer: dict[str, Any]) -> int:
    variables = answer.get("environment")
    file = os.environ.get("CLAUDE_ENV_FILE")
    if variables and file:
        with open(file, "a", encoding="utf-8") as target:  # noqa: PTH123
            target.writelines(f"export {name}='{value}'\n" for name, value in variables.items())
    # Agent programs read UTF-8, whatever the language of the terminal that they were started in.
    sys.stdout.buffer.write(answer.get("stdout", "").encode())
    sys.stderr.buffer.write(answer.get("stderr", "").encode())
    return int(answer.get("exit", 0))


def _unsure(event: dict[str, Any], error: Exception) -> int:
    why = f"{error}" or type(error).__name__
    if event.get("hook_event_name") not in FENCES:
        return 0
    from holdfast.hooks.starting import is_open_when_unsure  # noqa: PLC0415

    if is_open_when_unsure():
        return 0
    sys.stderr.write(
        f"Holdfast cannot say whether this session may go on: {why}.\n"
        'next:  holdfast hooks doctor (or set hooks_when_unsure = "open" in holdfast.toml)\n'
    )
    return _DENY


if __name__ == "__main__":
    sys.exit(main())
