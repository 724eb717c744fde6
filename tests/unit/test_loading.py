from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import PlanError
from holdfast.plans.loading import load_plan, parse_plan

STEP = {"id": "a", "command": ["true"]}


def plan(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "p", "steps": list(steps), **more}


@pytest.mark.parametrize(
    ("read", "told", "hint"),
    [
        (plan({**STEP, "comand": []}), "comand is not a key here", "Did you mean command?"),
        (
            plan(STEP, {**STEP, "id": "b", "needs": ["aa"]}),
            "aa is no step before this one",
            "Did you mean a?",
        ),
        (plan({**STEP, "needs": ["a"]}), "a is no step before this one", None),
        (plan(STEP, STEP), "two steps have the id a", None),
        (plan({"id": "a"}), "there is nothing to do", None),
        (plan({**STEP, "retries": "often"}), "retries = 'often' is not a whole number", None),
        (plan({**STEP, "command": "true"}), "command = 'true' is not a list", None),
        (plan({**STEP, "gate": {}}), "message is missing", None),
        (
            plan({**STEP, "gate": {"message": "?", "approve": ["ja"]}}),
            "not among its options",
            None,
        ),
        (plan({**STEP, "verify": {"command": []}}), "verify.command is empty", None),
        (plan({"id": "a", "agent": "claude"}), "prompt is missing", "Say what claude is to do."),
        (
            plan({**STEP, "prompt": "go"}),
            "command takes no prompt and no model",
            "Name an agent program: claude, codex, gemini.",
        ),
        (plan(), "steps is empty", None),
        ({"steps": [STEP]}, "name is missing", None),
        ([STEP], "is not a mapping", None),
        (plan(STEP, env=["x"]), "env = ['x'] is not a mapping", None),
    ],
)
def test_what_is_no_plan_is_refused_with_the_place_in_it(
    read: Any, told: str, hint: str | None
) -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan(read, "p.yaml")
    assert told in caught.value.message
    assert caught.value.message.startswith("p.yaml")
    if hint:
        assert caught.value.hint == hint


def test_a_file_that_is_no_yaml_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("name: p\nsteps: [\n")
    with pytest.raises(PlanError, match="line 3"):
        load_plan(file)


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="cannot be read"):
        load_plan(tmp_path / "p.yaml")


def test_a_role_that_an_agent_program_has_not_is_refused_with_the_nearest_name(
    tmp_path: Path,
) -> None:
    roles = tmp_path / ".claude" / "agents"
    roles.mkdir(parents=True)
    (roles / "code-reviewer.md").write_text("You review.")
    file = tmp_path / "p.yaml"
    file.write_text(
        "name: p\nsteps:\n- {id: a, agent: codex, role: code-reviewr, prompt: go}\n"
        "- {id: b, role: whoever, command: ['true']}\n"
    )

    with pytest.raises(PlanError) as caught:
        load_plan(file)
    assert caught.value.message == f"{file}: steps[0] (a).role: There is no role code-reviewr."
    assert caught.value.hint == "Did you mean code-reviewer?"

    file.write_text(file.read_text().replace("reviewr", "reviewer"))
    assert [step.role for step in load_plan(file).steps] == ["code-reviewer", "whoever"]


def test_numbers_are_forgiven_where_a_text_is_meant() -> None:
    assert parse_plan(plan({"id": 1, "command": ["sleep", 1]})).steps[0].command == ("sleep", "1")
