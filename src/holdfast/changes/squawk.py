"""The linter's part of a review: what squawk says of a migration."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from holdfast.changes.findings import Finding
from holdfast.changes.migrations import Migration
from holdfast.errors import HoldfastError

_LOOK_AWAY = re.compile(r"--\s*squawk-(?:ignore|disable)")
_NAMED = re.compile(
    r"\b(?:constraint|index|table|schema|policy)\s+"
    r'(?:(?:concurrently|only|if\s+not\s+exists|if\s+exists)\s+)*([\w."$]+)',
    re.IGNORECASE,
)
# What applying with Holdfast takes care of.
_OURS = {
    "prefer-robust-stmts": "The ledger makes it safe to run again.",
    "require-lock-timeout": "Holdfast waits for locks only for a short time, and tries again.",
    "require-statement-timeout": "Holdfast sets one, both when applying and for pasting.",
}
# From here on the linter's words are about PostgreSQL 15, which has what its older ones lack.
_OLDEST = "15.0"


async def lint(migration: Migration, *, version: int | None = None) -> list[Finding]:
    """What squawk finds.

    Args:
        migration: in what.
        version: of the server that it is for.

    Raises:
        HoldfastError: squawk is not installed, or did not answer.
    """
    places = await _ask(migration.text, f"{version}.0" if version else _OLDEST)
    found = [_finding(migration, place) for place in places]
    return [*_looked_away(migration.text), *found]


def _finding(migration: Migration, place: dict[str, Any]) -> Finding:
    line = place["line"] + 1  # squawk counts from 0
    return Finding(
        rule=place["rule_name"],
        object=_object_at(migration, line),
        message=" ".join(filter(None, (place["message"], place["help"]))),
        source="squawk",
        line=line,
        waived=_OURS.get(place["rule_name"]),
    )


def _object_at(migration: Migration, line: int) -> str:
    """The name of what the statement at a line is about."""
    before = [one for one in migration.statements if one.line <= line]
    if not before:
        return migration.name
    named = _NAMED.search(before[-1].code)
    return (
        before[-1].text[slice(*named.span(1))] if named else " ".join(before[-1].code.split()[:4])
    )


def _looked_away(text: str) -> Iterator[Finding]:
    """What the file itself tells the linter not to see: who changes the database does not waive its review."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _LOOK_AWAY.search(line):
            yield Finding(
                rule="waived-in-the-file",
                object=line.strip(),
                message="Waive it in the file of waivers, with the reason.",
                source="squawk",
                line=number,
            )


async def _ask(text: str, version: str) -> list[dict[str, Any]]:
    text = _LOOK_AWAY.sub("--", text)  # so that it is told as what it is, too
    process = await asyncio.create_subprocess_exec(
        _program(),
        "--reporter=json",
        f"--pg-version={version}",
        "--config=/dev/null",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, said = await process.communicate(text.encode())
    try:
        places: list[dict[str, Any]] = json.loads(printed)
    except json.JSONDecodeError:
        lines = said.decode(errors="replace").splitlines()
        told = lines[0] if lines else f"it ended with {process.returncode}"
        raise HoldfastError(
            f"squawk did not answer: {told}.", hint="Run it by hand on the file."
        ) from None
    return places


def _program() -> str:
    beside = Path(sys.executable).with_name("squawk")
    found = str(beside) if beside.exists() else shutil.which("squawk")
    if found is None:
        raise HoldfastError(
            "squawk, the linter of migrations, is not installed.",
            hint="Install it: pip install 'holdfast[changes]'",
        )
    return found
