"""What stood where we put something: kept so that taking it out leaves every byte as it was.

It lies in the user's data folder, not beside the files. Without it everything of ours is still found and taken out.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from holdfast.editing import files

FILE_NAME = "hooks.json"


@dataclasses.dataclass(kw_only=True)
class Remembered:
    """What one configuration file was before us."""

    made_file: bool = False
    """It was not there."""
    made_folder: bool = False
    spelled: dict[str, str] = dataclasses.field(default_factory=dict)
    """The very text that stood at a path which we changed, by the path as JSON."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not (self.made_file or self.made_folder or self.spelled)


class Memory:
    """What is remembered of every file, in one file of the user's."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE_NAME
        self._files = _read(self.file)

    def of(self, file: Path) -> Remembered:
        """What is remembered of a file; what is changed in it is kept by `save`."""
        return self._files.setdefault(str(file), Remembered())

    def forget(self, file: Path) -> None:
        """Nothing of ours is in it any more."""
        self._files.pop(str(file), None)

    def save(self) -> None:
        """Write it, if there is anything to be written that the file does not say already."""
        kept = {n: dataclasses.asdict(one) for n, one in self._files.items() if not one.is_empty}
        if kept != {n: dataclasses.asdict(one) for n, one in _read(self.file).items()}:
            files.replace(self.file, json.dumps(kept, indent=2) + "\n")


def _read(file: Path) -> dict[str, Remembered]:
    try:
        plain: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return {name: Remembered(**one) for name, one in plain.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
