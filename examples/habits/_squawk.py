"""The linter's part of the review: what squawk says of a migration."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _common import ProgramError
from _findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = Path(__file__).with_name("squawk.toml")
LOOK_AWAY = re.compile(r"--\s*squawk-(?:ignore|disable)")
NAMED_OBJECT = re.compile(
    r"\b(?:constraint|index|table|schema|policy)\s+"
    r'(?:(?:concurrently|only|if\s+not\s+exists|if\s+exists)\s+)*([\w."$]+)',
    re.IGNORECASE,
)


def lint(migration: Path) -> list[Finding]:
    """What squawk finds: each open finding, and one waived finding for each excluded rule."""
    config = _read_config()
    waivers = _waivers(config)
    # A waiver should say what it waives, and squawk does not tell what it was told to leave out:
    # so it is asked without the exclusions, and those are made here.
    asked = {key: config[key] for key in config.keys() - {"excluded_rules", "waivers"}}
    lines = migration.read_text(encoding="utf-8").splitlines()
    found = sorted(_squawk(migration, asked), key=itemgetter("rule_name", "line", "column"))
    findings = list(_looked_away(lines))
    for rule, places in groupby(found, key=itemgetter("rule_name")):
        if rule in waivers:
            findings.append(_waived(list(places), waivers[rule]))
        else:
            findings.extend(_open(place, lines) for place in places)
    return findings


def _looked_away(lines: list[str]) -> Iterator[Finding]:
    for i, line in enumerate(lines):
        if LOOK_AWAY.search(line):
            yield Finding(
                rule="waived-without-reason",
                object=line.strip(),
                message="Waivers are written in squawk.toml, each with its reason.",
                line=i + 1,
                source="squawk",
            )


def _open(place: dict[str, Any], lines: list[str]) -> Finding:
    return Finding(
        rule=place["rule_name"],
        object=_object_at(lines, place["line"], place["column"]),
        message=_message(place),
        line=place["line"] + 1,  # squawk's JSON counts from 0
        source="squawk",
    )


def _waived(places: list[dict[str, Any]], reason: str) -> Finding:
    return Finding(
        rule=places[0]["rule_name"],
        object=f"{len(places)} statement{'s' if len(places) > 1 else ''}",
        message=_message(places[0]),
        line=places[0]["line"] + 1,
        source="squawk",
        waived=reason,
    )


def _message(place: dict[str, Any]) -> str:
    return " ".join(filter(None, (place["message"], place["help"])))


def _object_at(lines: list[str], line: int, column: int) -> str:
    """The name of what a statement is about, from where squawk points to the statement's end."""
    statement = " ".join([lines[line][column:], *lines[line + 1 :]] if line < len(lines) else [])
    statement = statement.partition(";")[0]
    named = NAMED_OBJECT.search(statement)
    return named.group(1) if named else " ".join(statement.split()[:4])


def _read_config() -> dict[str, Any]:
    try:
        return tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ProgramError(f"{CONFIG} is not TOML: {error}", hint="mend that line") from None


def _waivers(config: dict[str, Any]) -> dict[str, str]:
    """The reason of each excluded rule."""
    reasons: dict[str, str] = config.get("waivers", {})
    for rule in config.get("excluded_rules", []):
        if not reasons.get(rule):
            raise ProgramError(
                f"{CONFIG} excludes {rule} without a reason", hint="write it under [waivers]"
            )
    return {rule: reasons[rule] for rule in config.get("excluded_rules", [])}


def _squawk(migration: Path, config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        # A JSON string, boolean or list of strings is the same in TOML.
        file.writelines(f"{key} = {json.dumps(value)}\n" for key, value in config.items())
        file.flush()
        done = subprocess.run(
            [_program(), "--config", file.name, "--reporter", "json", str(migration)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    try:
        yield from json.loads(done.stdout)
    except json.JSONDecodeError:
        said = next(iter(done.stderr.splitlines()), f"exit code {done.returncode}")
        raise ProgramError(f"squawk did not answer: {said}", hint=f"mend {CONFIG}") from None


def _program() -> str:
    beside = Path(sys.executable).with_name("squawk")
    found = str(beside) if beside.exists() else shutil.which("squawk")
    if found is None:
        raise ProgramError("squawk is not installed", hint="pip install squawk-cli")
    return found
