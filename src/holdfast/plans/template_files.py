"""The plans that come with Holdfast, ready to be changed and run."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from holdfast.errors import PlanError
from holdfast.plans.reading import nearest

PLAN = "plan.yaml"
_AGENT = re.compile(r"^(\s+agent: )claude$", re.MULTILINE)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Written:
    """What was made from a template."""

    plan: Path
    files: tuple[Path, ...]
    kept: tuple[Path, ...]
    """What was there already, and is as it was."""


def template_names() -> list[str]:
    """The templates there are."""
    return sorted(one.name for one in _root().iterdir() if one.joinpath(PLAN).is_file())


def write_template(name: str, folder: Path, *, agent: str, more: Mapping[str, str]) -> Written:
    """Write a template's files into a folder; of what is there already, nothing is changed.

    Args:
        name: which template.
        folder: where; it is made.
        agent: the agent program that does its steps.
        more: further files, with what they say.

    Raises:
        PlanError: there is no such template, or its plan is there already.
    """
    if name not in template_names():
        raise PlanError(f"There is no template {name}.", hint=nearest(name, template_names()))
    plan = folder / f"{name}.yaml"
    if plan.exists():
        raise PlanError(f"{plan} is there already.", hint="Name another folder with --folder.")
    texts = dict(_files(_root().joinpath(name), Path()))
    texts[Path(plan.name)] = _AGENT.sub(rf"\g<1>{agent}", texts.pop(Path(PLAN)))
    texts |= {Path(file): text for file, text in more.items()}
    files, kept = [], []
    for file, text in sorted(texts.items()):
        target = folder / file
        if target.exists():
            kept.append(target)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        files.append(target)
    return Written(plan=plan, files=tuple(files), kept=tuple(kept))


def _root() -> Traversable:
    return resources.files("holdfast.plans").joinpath("templates")


def _files(folder: Traversable, below: Path) -> Iterator[tuple[Path, str]]:
    for one in folder.iterdir():
        if one.name == "__pycache__":
            continue
        if one.is_dir():
            yield from _files(one, below / one.name)
        else:
            yield below / one.name, one.read_text(encoding="utf-8")
