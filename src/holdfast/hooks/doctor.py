"""What keeps an agent program from calling us, each with the next step."""

from __future__ import annotations

import dataclasses
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdfast import config
from holdfast.client import Holdfast
from holdfast.editing import files
from holdfast.editing.jsontext import NotJson, parse
from holdfast.errors import HoldfastError, InvalidValue
from holdfast.hooks.entries import handlers_of, our_handlers
from holdfast.hooks.findings import Finding, Standing
from holdfast.hooks.programs.program import HOOK_COMMAND, Program, Scope, Surroundings

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_VERSION_SECONDS = 20
_DATABASE_SECONDS = 5.0
_ALL = ("", "*", None)


def examine(program: Program, where: Surroundings) -> Iterator[Finding]:
    """What is wrong with a program and its configuration."""
    yield from _examine_program(program, where)
    standing: list[Standing] = []
    settings: list[Any] = []
    for scope in program.scopes:
        file = program.files(scope, where).hooks
        try:
            found = _read(file, program)
        except HoldfastError as error:
            yield Finding(what=error.message, next_step=error.hint or "Correct it.")
            continue
        settings.append(found)
        standing += _standing(file, found, program)
        setting = program.is_disabled(found)
        if setting is not None:
            yield Finding(what=f"{setting} in {file} turns hooks off.", next_step="Take it out.")
        yield from _examine_scope(program, scope, [s for s in standing if s.file == file], where)
    has_plugin = any(map(program.has_plugin, settings))
    yield from _examine_twice(program, standing, has_plugin)
    if not standing and not has_plugin:
        install = f"Install them with: holdfast hooks install {program.name}"
        yield Finding(what="No hook of ours is installed here.", next_step=install)
    yield from program.examine_trust(standing, where)


async def examine_holdfast() -> list[Finding]:
    """What is wrong with Holdfast itself, for the folder that this process is in."""
    try:
        settings = config.load()
        patience = min(settings.connect_timeout_seconds, _DATABASE_SECONDS)
        async with Holdfast(dataclasses.replace(settings, connect_timeout_seconds=patience)):
            return []
    except HoldfastError as error:
        return [Finding(what=error.message, next_step=error.hint or "See: holdfast status")]


def is_installed(program: Program, where: Surroundings) -> bool:
    """Whether a program can be started here."""
    return shutil.which(program.name, path=where.environment.get("PATH")) is not None


def is_hooked(program: Program, where: Surroundings) -> bool:
    """Whether a program is to call us, as far as its files can be read."""
    for scope in program.scopes:
        try:
            settings = _read(program.files(scope, where).hooks, program)
        except HoldfastError:
            return True
        if program.has_plugin(settings) or any(our_handlers(settings, program)):
            return True
    return False


def _examine_program(program: Program, where: Surroundings) -> Iterator[Finding]:
    path = shutil.which(program.name, path=where.environment.get("PATH"))
    if path is None:
        yield Finding(what=f"{program.name} is not on PATH.", next_step=f"Install {program.title}.")
        return
    version = _version(path)
    if version != program.tried_version:
        yield Finding(
            what=f"{program.title} {version or 'of an unknown version'} was never tried with this Holdfast, which knows {program.tried_version}.",
            next_step="Watch its first session with: holdfast watch",
            is_wrong=False,
        )


def _version(path: str) -> str | None:
    try:
        done = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    found = _VERSION.search(done.stdout)
    return found[0] if found else None


def _read(file: Path, program: Program) -> Any:
    """What a file says; nothing where there is none."""
    text = files.read(file)
    if text is None:
        return {}
    try:
        settings = parse(text, comments=program.comments).plain()
        if not isinstance(settings, dict):
            raise NotJson("it is no object")
    except NotJson as error:
        raise InvalidValue(
            f"{file} is not JSON as {program.title} reads it: {error}.", hint="Correct the file."
        ) from None
    return settings


def _standing(file: Path, settings: Any, program: Program) -> Iterator[Standing]:
    for event, at, place in our_handlers(settings, program):
        group = settings["hooks"][event][at]
        yield Standing(
            file=file,
            event=event,
            at=at,
            place=place,
            matcher=group.get("matcher"),
            handler=handlers_of(group)[place],
        )


def _examine_scope(
    program: Program, scope: Scope, standing: list[Standing], where: Surroundings
) -> Iterator[Finding]:
    """What is wrong with the entries in one file that has some."""
    if not standing:
        return
    file = standing[0].file
    again = f"Bring it up to date with: holdfast hooks install {program.name} --scope {scope}"
    missing = [event for event in program.events if event not in {one.event for one in standing}]
    if missing:
        yield Finding(what=f"{file} lacks {', '.join(missing)}.", next_step=again)
    for command in sorted({one.handler["command"] for one in standing}):
        word = shlex.split(command)[0]
        if shutil.which(word, path=where.environment.get("PATH")) is None:
            place = "on PATH" if word == HOOK_COMMAND else "there"
            yield Finding(what=f"{file} calls {word}, which is not {place}.", next_step=again)
    for one in standing:
        yield from (
            Finding(what=f"{file}: {one.event} {what}", next_step=again)
            for what in _faults(program, one)
        )


def _examine_twice(
    program: Program, standing: list[Standing], has_plugin: bool
) -> Iterator[Finding]:
    """Whether the program calls us more than once for one event."""
    calls: dict[str, set[object]] = {}
    for one in standing:
        told_apart = one.handler["command"] if program.merges_same else one.file
        calls.setdefault(one.event, set()).add(told_apart)
    if max(map(len, calls.values()), default=0) + has_plugin > 1:
        places = [str(file) for file in sorted({one.file for one in standing})]
        places += ["a plugin"] if has_plugin else []
        yield Finding(
            what=f"Each event calls us more than once: by {' and by '.join(places)}.",
            next_step=f"Keep one of them: holdfast hooks uninstall {program.name} --scope …",
        )


def _faults(program: Program, one: Standing) -> Iterator[str]:
    if one.event not in program.events:
        yield "is an older entry; nothing listens to it."
        return
    if one.matcher not in _ALL:
        left_out = ""
        if one.event == "SessionStart" and "resume" not in str(one.matcher):
            left_out = ": resume is left out"
        yield f"is matched by {one.matcher!r} only{left_out}."
    limit = one.handler.get("timeout")
    expected = program.events[one.event]
    if isinstance(limit, int | float) and limit < expected:
        unit = "ms" if program.units_per_second > 1 else "s"
        yield f"has a time limit of {limit} {unit}; it needs {expected}."
