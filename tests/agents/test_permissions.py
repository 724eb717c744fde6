"""Holdfast loosens no program's permissions, and a program that would need a person's leave does not hang."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from holdfast.agents.registry import programs_of
from holdfast.agents.task import Task
from holdfast.config import Settings
from holdfast.model.kinds import PROGRAMS
from tests.agents.conftest import MakeScene
from tests.support.fake_models import Text
from tests.support.program_cases import Case

SOURCES = Path(__file__).parents[2] / "src" / "holdfast"
# What the programs call letting the model do as it likes, and what lets it do more than its user's own settings.
LOOSENING = re.compile(
    r"dangerous|bypass|yolo|full-auto|full-access|skip-permissions|skip-trust|skip-git|approv|permission|allow"
    r"|sandbox|add-dir|include-directories|^(?-i:-[ysa])$",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_started_and_resumed_with_the_permissions_that_its_user_has_given_it(
    name: str,
) -> None:
    program = programs_of(Settings())[name]

    for command in (
        program.begin(Task(prompt="go"), "id"),
        program.resume(Task(prompt="go"), "id"),
    ):
        assert [argument for argument in command if LOOSENING.search(argument)] == []


def test_no_flag_that_loosens_permissions_stands_in_the_sources_of_the_agents() -> None:
    flags = re.compile(r"""["'](--?[a-zA-Z][\w-]*)""")

    for file in (SOURCES / "agents").glob("*.py"):
        for flag in flags.findall(file.read_text()):
            assert not LOOSENING.search(flag), f"{file.name}: {flag}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_the_settings_allow_is_given_to_the_program_as_it_stands(name: str) -> None:
    settings = dataclasses.replace(
        Settings(),
        **{f"{name}_flags": ("--some-flag", "its value")},  # type: ignore[arg-type]
    )
    program = programs_of(settings)[name]

    for command in (
        program.begin(Task(prompt="go"), "id"),
        program.resume(Task(prompt="go"), "id"),
    ):
        place = command.index("--some-flag")
        assert command[place + 1] == "its value"


# What the programs need to work at all in a folder that nobody has trusted; it gives the model no leave.
ONLY_TRUSTED = {"claude": "", "codex": "--skip-git-repo-check", "gemini": "--skip-trust"}


async def test_a_tool_that_needs_leave_is_not_run_and_the_program_goes_on(
    play: MakeScene, case: Case
) -> None:
    async with play(case, case.shell("touch made"), Text("I was not allowed to.")) as scene:
        execution_id = await scene.begin()
        with scene.worker(flags=ONLY_TRUSTED[case.kind]):
            done = await scene.over(execution_id)

        assert (done.status, done.error_message) == ("completed", None)
        assert done.result["result"] == "I was not allowed to."
        assert not (scene.folder / "made").exists()
        assert len(scene.model.turns) == 2
