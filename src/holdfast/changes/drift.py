"""Drift: what a database's catalogue says, against what it said when that was kept."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from holdfast.engine.direct import Target
from holdfast.errors import ConfigError

What: TypeAlias = Literal["missing", "added", "changed"]
_FORMAT = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What each object of some schemas says."""

    schemas: tuple[str, ...]
    objects: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {"format": _FORMAT, "schemas": list(self.schemas), "objects": dict(self.objects)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drift:
    """One object that is not as it is expected."""

    what: What
    object: str
    expected: str | None
    found: str | None


async def read_catalogue(target: Target, schemas: list[str]) -> Catalogue:
    """What the schemas say now; one that is gone says nothing, which is drift too."""
    async with target.looking():
        await target.read("plain_path")
        rows = await target.read("objects", schemas)
    return Catalogue(
        schemas=tuple(schemas), objects={row["object"]: row["definition"] for row in rows}
    )


def drifted(expected: Catalogue, found: Catalogue) -> list[Drift]:
    """What differs, by object.

    >>> old = Catalogue(schemas=("s",), objects={"table s.a": "", "table s.b": "row security"})
    >>> new = Catalogue(schemas=("s",), objects={"table s.b": "", "table s.c": ""})
    >>> [(one.what, one.object) for one in drifted(old, new)]
    [('missing', 'table s.a'), ('changed', 'table s.b'), ('added', 'table s.c')]
    """
    return [
        Drift(
            what="missing"
            if name not in found.objects
            else "changed"
            if name in expected.objects
            else "added",
            object=name,
            expected=expected.objects.get(name),
            found=found.objects.get(name),
        )
        for name in sorted(expected.objects.keys() | found.objects.keys())
        if expected.objects.get(name) != found.objects.get(name)
    ]


def read_kept(file: Path) -> Catalogue:
    """What was kept in a file.

    Raises:
        ConfigError: it cannot be read, or is not of this form.
    """
    try:
        return parse_kept(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{file} holds no catalogue that was kept: {error}",
            hint=f"Keep one with: holdfast verify drift DSN --keep {file}",
        ) from error


def parse_kept(kept: Any) -> Catalogue:
    """What was kept, from its JSON."""
    if kept["format"] != _FORMAT:
        raise ValueError(f"format {kept['format']} is not {_FORMAT}")
    objects = {str(name): str(says) for name, says in kept["objects"].items()}
    return Catalogue(schemas=tuple(kept["schemas"]), objects=objects)
