"""The hooks of a plan for Codex, which runs a hook only while its hash is one that was trusted.

It is asked for the hashes of the plan's hooks, since how it makes them is its own affair, and is told that these it may run.
Hooks of its user and of the project keep the trust that they have.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.agents._json import mapping, objects, read_event, text
from holdfast.agents._plan_hooks import entries_of
from holdfast.agents._settings import refuse_flags
from holdfast.errors import ConfigError

_MOMENTS = {"after_tool": ("PostToolUse", None), "before_commit": ("PreToolUse", "Bash")}
_FROM_COMMAND_LINE = "sessionFlags"
_PATIENCE_SECONDS = 30.0
_LONGEST_LINE_BYTES = 10_000_000
_ASKED = 1
_CLIENT = {"name": "holdfast", "version": "1"}
_HINT = "Update Codex, look at `hooks` and `features` of its configuration, or put the commands into verify."


async def codex_hooks(
    command: str,
    flags: tuple[str, ...],
    hooks: Mapping[str, Any],
    *,
    cwd: str | None,
    environment: Mapping[str, str],
) -> list[str]:
    """The arguments that make Codex run a plan's hooks.

    Raises:
        ConfigError: it would not run them, or cannot be asked.
    """
    entries = entries_of(hooks, _MOMENTS)
    if not entries:
        return []
    refuse_flags("Codex", flags, "codex_flags", "hooks")
    told = [_override(f"hooks.{event}", listed) for event, listed in entries.items()]
    arguments = [part for one in told for part in ("-c", one)]
    known = await _known([command, "app-server", *arguments], cwd or str(Path.cwd()), environment)
    if len(known) != sum(len(listed) for listed in entries.values()):
        raise ConfigError("Codex would not run the hooks of the plan.", hint=_HINT)
    return [*arguments, "-c", _override("hooks.state", known)]


async def _known(
    command: list[str], cwd: str, environment: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """What it calls the hooks that it is given on its command line, with their hashes."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            listed = await _listed(command, cwd, environment)
    except (OSError, ValueError) as error:
        told = f"Codex could not be asked about the hooks of the plan: {error or 'no answer'}."
        raise ConfigError(told, hint=_HINT) from error
    return {
        text(hook.get("key")): {"trusted_hash": text(hook.get("currentHash"))}
        for hook in listed
        if hook.get("source") == _FROM_COMMAND_LINE and hook.get("enabled")
    }


async def _listed(
    command: list[str], cwd: str, environment: Mapping[str, str]
) -> list[Mapping[str, Any]]:
    """All hooks that hold for a folder, from Codex's own server on standard input and output."""
    server = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=environment,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        limit=_LONGEST_LINE_BYTES,
    )
    try:
        _send(server, id=0, method="initialize", params={"clientInfo": _CLIENT})
        _send(server, method="initialized")
        _send(server, id=_ASKED, method="hooks/list", params={"cwds": [cwd]})
        return _of_folder(await _answer(server))
    finally:
        with contextlib.suppress(ProcessLookupError):
            server.kill()
        await server.wait()


def _send(server: Process, **message: Any) -> None:
    assert server.stdin is not None
    server.stdin.write(json.dumps(message).encode() + b"\n")


async def _answer(server: Process) -> Mapping[str, Any]:
    assert server.stdout is not None
    async for line in server.stdout:
        heard = read_event(line.decode(errors="replace")) or {}
        if heard.get("id") == _ASKED:
            return heard
    raise ValueError("it ended")


def _of_folder(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if refusal := text(mapping(answer.get("error")).get("message")):
        raise ValueError(refusal)
    data = objects(mapping(answer.get("result")).get("data"))
    return objects(data[0].get("hooks")) if data else []


def _override(key: str, value: Any) -> str:
    return f"{key}={_toml(value)}"


def _toml(value: Any) -> str:
    """A value on one line; a JSON text or number is one of TOML's too.

    >>> _toml([{"matcher": "Bash", "hooks": []}])
    '[{"matcher" = "Bash", "hooks" = []}]'
    """
    match value:
        case dict():
            pairs = (f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
