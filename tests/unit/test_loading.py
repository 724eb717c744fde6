from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import PlanError
from holdfast.plans.inputs import read_inputs, with_inputs
from holdfast.plans.loading import checked, load_plan, parse_plan
from holdfast.plans.spec import GoBack, Plan, Role, Step, as_json

STEP = {"id": "a", "command": ["true"]}


def gated(**more: Any) -> dict[str, Any]:
    return {"steps": [STEP | {"gate": {"message": "Go on?", **more}}]}


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
        (
            plan({**STEP, "command": "make test"}),
            "command = 'make test' is not a list",
            'Write it as a list: ["make", "test"]',
        ),
        (
            plan({**STEP, "command": "cd web && make"}),
            "is not a list",
            'Write it as a list: ["sh", "-c", "cd web && make"]',
        ),
        (
            plan({**STEP, "command": "echo 'a"}),
            "is not a list",
            """Write it as a list: ["echo 'a"]""",
        ),
        (plan({**STEP, "verify": "make"}), "is not a mapping", "Its keys are: command, timeout."),
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
            "command takes no prompt",
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
    assert (
        caught.value.message == f"{file} line 3: steps[0] (a).role: There is no role code-reviewr."
    )
    assert (
        caught.value.hint
        == "Did you mean code-reviewer? Or write .holdfast/roles/code-reviewr.yaml."
    )

    file.write_text(file.read_text().replace("reviewr", "reviewer"))
    assert [step.role for step in load_plan(file).steps] == ["code-reviewer", "whoever"]


@pytest.mark.parametrize("role", ["code-reviewer", "reader"])
def test_a_program_is_not_given_a_role_to_which_it_cannot_be_held(
    tmp_path: Path, role: str
) -> None:
    read = plan(STEP, {"id": "b", "agent": "codex", "prompt": "go", "role": role})
    read["roles"] = {"reader": {"prompt": "You read.", "allowed_tools": ["Read"]}}
    file = tmp_path / "p.yaml"
    file.write_text(json.dumps(read))

    with pytest.raises(PlanError) as caught:
        load_plan(file)

    told = f"steps[1] (b).agent: codex cannot be held to the allowed_tools of the role {role}."
    assert told in caught.value.message
    assert caught.value.hint == "Name claude, or a role without allowed_tools."


def test_only_the_shell_of_a_role_can_be_narrowed(tmp_path: Path) -> None:
    read = plan({"id": "a", "agent": "claude", "prompt": "go", "role": "reader"})
    tools = ["Bash(git log *)", "Read(./src/**)"]
    read["roles"] = {"reader": {"prompt": "You read.", "allowed_tools": tools}}
    file = tmp_path / "p.yaml"
    file.write_text(json.dumps(read))

    with pytest.raises(PlanError) as caught:
        load_plan(file)

    assert "claude cannot be held to Read(./src/**) of the role reader." in caught.value.message


def test_numbers_are_forgiven_where_a_text_is_meant() -> None:
    assert parse_plan(plan({"id": 1, "command": ["sleep", 1]})).steps[0].command == ("sleep", "1")


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ({"id": "a", "agent": "person", "prompt": "go"}, "what a person does must be verified"),
        ({"id": "a", "agent": "claude", "prompt": "go", "command": ["x"]}, "claude takes no command"),
        ({**STEP, "retries": -1}, "retries = -1 is below 0"),
        ({**STEP, "max_parallel": 2}, "max_parallel is for the items of a foreach"),
        ({**STEP, "timeout": "soon"}, "timeout = 'soon' is no length of time"),
        ({**STEP, "on_failure": "sometimes"}, "on_failure = 'sometimes' is none of stop, continue"),
        ({**STEP, "parallel": "no"}, "parallel = 'no' is not true or false"),
        ({**STEP, "gate": {"message": "?", "options": [True]}}, "options[0] = True is not a text"),
    ],
)  # fmt: skip
def test_a_step_that_could_not_run_as_it_says_is_refused(read: dict[str, Any], told: str) -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan(plan(read), "p.yaml")
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"checklist": [{"id": "c"}]}, "not exactly one of command, plan and tick"),
        ({"checklist": [{"id": "c", "plan": "p"}]}, "plan and step belong together"),
        ({"checklist": [{"id": "c", "tick": True}] * 2}, "two conditions have the id c"),
        ({"limits": {"roles": {"nobody": 1}}}, "limits.roles.nobody: no step has nobody"),
        ({"limits": {"agents": {"command": 0}}}, "limits.agents.command = 0 is below 1"),
        ({"mode": "ask"}, "mode = 'ask' is none of gates, each_step, report"),
        ({"report_wait": "5m"}, "only mode: report waits so"),
        ({"progress_document": "../P.md"}, "is not below the plan's folder"),
        ({"hooks": {"after_tool": [{"command": ["x"], "tools": "("}]}}, "is no regular expression"),
        ({"hooks": {"before_commit": [{"command": []}]}}, "before_commit[0].command: it is empty"),
        ({"roles": {"r": {"prmopt": "x"}}}, "roles.r: prmopt is not a key here"),
        (gated(escalate={"role": "owner"}), "gate.escalate is given, and the gate never expires"),
        (gated(expires_in=1, escalate={}), "gate.escalate does not say whom to ask"),
        (gated(expires_in=1, escalate={"role": "boss"}), "role = 'boss' is none of viewer"),
    ],
)  # fmt: skip
def test_a_plan_that_could_not_hold_what_it_says_is_refused(
    more: dict[str, Any], told: str
) -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan({**plan(STEP), **more}, "p.yaml")
    assert told in caught.value.message


def test_an_error_names_the_line_of_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    start = "name: p\nsteps:\n  - id: a\n    command: ['true']\n"
    for line, told in (
        ("    retires: 2\n", "line 5: steps[0] (a): retires is not a key here"),
        ("    verify:\n      comand: [x]\n", "line 6: steps[0] (a).verify: comand is not a key here"),
        ("    needs:\n      - a\n", "line 6: steps[0] (a).needs[0]: a is no step before"),
        ("    id: b\n", "line 5: the key id stands here twice, first in line 3"),
        ("    prompt: '{{ x }}'\n    agent: claude\n", "line 3: steps[0] (a): claude takes no command"),
    ):  # fmt: skip
        file.write_text(start + line)
        with pytest.raises(PlanError) as caught:
            load_plan(file)
        assert told in caught.value.message


def test_aliases_that_stand_for_too_much_are_refused_and_not_followed(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    layers = "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]\n" for n in range(1, 12))
    for text in (f"k0: &k0 [x]\n{layers}", "name: &n {name: *n}\n"):
        file.write_text(text)
        with pytest.raises(PlanError, match=r"nested too deep"):
            load_plan(file)


def test_a_plan_is_the_same_from_python_and_from_its_row(tmp_path: Path) -> None:
    made = Plan(
        name="p",
        inputs={"n": None},
        roles={"r": Role(name="r", prompt="p")},
        steps=[
            Step(id="a", command=["true"], timeout_seconds=90),
            Step(id="b", needs=["a"], agent="claude", role="code-reviewer", prompt="Look.", on_failure=GoBack(to="a")),
        ],
    )  # fmt: skip
    plan = checked(made, tmp_path)

    assert plan.steps[0].title == "a"
    assert set(plan.roles) == {"r", "code-reviewer"}
    assert checked(parse_plan(as_json(plan)), tmp_path) == plan
    with pytest.raises(PlanError, match=r"the plan p: steps\[0\] \(a\): there is nothing to do"):
        checked(Plan(name="p", steps=[Step(id="a")]), tmp_path)


def test_inputs_are_given_by_name_and_all_that_must_be_are(tmp_path: Path) -> None:
    given = parse_plan(plan(STEP, inputs={"region": "eu", "task": None}))
    assert with_inputs(given, {"task": "go"}).inputs == {"region": "eu", "task": "go"}
    with pytest.raises(PlanError, match="has no input reigon") as caught:
        with_inputs(given, {"reigon": "us"})
    assert caught.value.hint == "Did you mean region?"
    with pytest.raises(PlanError, match="must be given task"):
        with_inputs(given, {})
    assert read_inputs(["a=1", "b=x=y", "c=2026-11-21", "d="]) == {
        "a": 1,
        "b": "x=y",
        "c": "2026-11-21",
        "d": "",
    }
