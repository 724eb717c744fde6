"""The files of the work folder, by which the programs hand on what they made."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from _common import ProgramError

if TYPE_CHECKING:
    from pathlib import Path

MIGRATION = "migration.sql"
PLANTED = "planted.json"
REVIEW = "review.json"
VERIFIED = "verified.json"


def read_file(folder: Path, name: str, *, made_by: str) -> str:
    """The text of a file of the work folder; says which program makes it where it is missing."""
    path = folder / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ProgramError(f"{path} is not there", hint=f"run {made_by} first") from None


def read_json(folder: Path, name: str, *, made_by: str) -> Any:
    """The JSON value in a file of the work folder."""
    text = read_file(folder, name, made_by=made_by)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ProgramError(
            f"{folder / name} is not JSON: {error}", hint=f"run {made_by} again"
        ) from None


def write_file(folder: Path, name: str, text: str) -> Path:
    """Write a file of the work folder, whole or not at all, even if the program is killed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    draft = path.with_name(f".{name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return path


def write_json(folder: Path, name: str, value: Any) -> Path:
    """Write a value as JSON that a person can read."""
    return write_file(folder, name, json.dumps(value, indent=2) + "\n")
