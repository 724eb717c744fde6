"""What the documents say is what the code does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import typer

from holdfast import errors
from holdfast.cli import app
from holdfast.config import Settings
from holdfast.hooks.programs import PROGRAMS

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def headings(name: str) -> set[str]:
    return set(re.findall(r"^## (.+)$", (REFERENCE / name).read_text(), re.MULTILINE))


def test_every_setting_has_a_heading_and_every_heading_a_setting() -> None:
    assert headings("settings.md") == {field.name for field in dataclasses.fields(Settings)}


def test_every_command_has_a_heading_and_every_heading_a_command() -> None:
    commands = typer.main.get_command(app)
    assert headings("commands.md") == {f"holdfast {name}" for name in commands.commands}  # type: ignore[attr-defined]


def test_every_subcommand_is_explained_under_its_command() -> None:
    text = (REFERENCE / "commands.md").read_text()
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        part = text.split(f"## holdfast {name}\n")[1].split("\n## ")[0]
        for subcommand in getattr(command, "commands", {}):
            assert re.search(rf"\b{subcommand}\b", part), f"holdfast {name} {subcommand}"


def test_every_error_has_a_heading_and_every_heading_an_error() -> None:
    def below(error: type[errors.HoldfastError]) -> set[str]:
        ours = [one for one in error.__subclasses__() if one.__module__.startswith("holdfast.")]
        return {error.__name__}.union(*(below(one) for one in ours))

    named = below(errors.HoldfastError) - {"HoldfastError", "Refused"}
    assert headings("errors.md") == {name for name in named if not name.startswith("_")}


def test_every_program_and_every_event_that_is_hooked_is_explained() -> None:
    assert headings("hooks.md") == set(PROGRAMS)
    text = (REFERENCE / "hooks.md").read_text()
    for program in PROGRAMS.values():
        part = text.split(f"## {program.name}\n")[1].split("\n## ")[0]
        named = set(re.findall(r"`([A-Z][A-Za-z]+)`", part.split("Events:")[1]))
        assert named == set(program.events)


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
            if "://" not in link:
                assert (document.parent / link).exists(), f"{document.name} links to {link}"


def test_the_lock_file_names_no_registry() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()
