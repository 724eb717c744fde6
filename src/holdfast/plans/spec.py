"""What a plan says, as its file and its rows say it: one dataclass for each mapping, one field for each key.

The text beside a field is what the JSON schema and the reference say of its key. A length of time is a field named
`…_seconds`; in a file its key is without that ending, and its value may be written `90s`, `10m` or `2h`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from holdfast.agents.roles import Role
from holdfast.model.kinds import COMMAND
from holdfast.model.seconds import Seconds

PERSON = "person"
"""The agent of a step that a person does; its verification says whether it is done."""
GATES = "gates"

__all__ = [
    "Condition",
    "Escalation",
    "Gate",
    "GoBack",
    "Hook",
    "Hooks",
    "Limits",
    "Plan",
    "Role",
    "Step",
    "Todo",
    "Verification",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verification:
    """A command whose success shows that a step is done."""

    command: Annotated[
        Sequence[str], "the program and its arguments; exit code 0 completes the step"
    ]
    timeout_seconds: Annotated[Seconds | None, "when it is ended, which counts as not passed"] = (
        None
    )


MemberRole: TypeAlias = Literal["viewer", "agent", "operator", "owner"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Escalation:
    """Who is asked besides when nobody has answered a gate in time; a `person`, a `role`, or both."""

    person: Annotated[str | None, "by user id or mail address"] = None
    role: Annotated[MemberRole | None, "members of this role or a higher one"] = None
    expires_in_seconds: Annotated[
        Seconds | None, "how long they have; not answered either, it fails the step"
    ] = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gate:
    """What a person decides before the step's work begins."""

    message: Annotated[str, "the question"]
    options: Annotated[Sequence[str], "what may be answered"] = ("approve", "reject")
    approve: Annotated[Sequence[str], "the options that let the step go on"] = ("approve",)
    show: Annotated[str | None, "a file of the work folder whose text the question carries"] = None
    expires_in_seconds: Annotated[
        Seconds | None,
        "how long it is open; not answered in time, it fails the step unless it says `escalate`",
    ] = None
    escalate: Annotated[Escalation | None, "who is asked besides then"] = None
    person: Annotated[str | None, "whom it is for, by user id or mail address"] = None
    role: Annotated[
        MemberRole | None, "which members it is for; without a person too: operators"
    ] = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoBack:
    """Where a failed step sends the plan back to, and how often at most."""

    to: Annotated[str, "a step before this one; it and all that stand on it get a new round"]
    at_most: Annotated[int, "how often"] = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Todo:
    """One item of a step's todo list, as agents write them."""

    content: Annotated[str, "what is to be done"]
    status: Annotated[Literal["pending", "in_progress", "completed"], "how far it is"] = "pending"
    activeForm: Annotated[str | None, "what is shown while it is done"] = None  # noqa: N815  the agents' own name


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hook:
    """A command that runs while an agent works; when it fails, the agent is told what it printed."""

    command: Annotated[Sequence[str], "the program and its arguments, started in the step's folder"]
    tools: Annotated[
        str | None, "a regular expression for the tools that it runs after (`after_tool` only)"
    ] = None
    timeout_seconds: Annotated[Seconds | None, "when it is ended, which counts as failed"] = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hooks:
    """When which hooks run."""

    after_tool: Annotated[Sequence[Hook], "after an agent used a tool"] = ()
    before_commit: Annotated[Sequence[Hook], "before an agent runs `git commit`"] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """How many steps may be under way at once."""

    roles: Annotated[Mapping[str, int], "for each role"] = dataclasses.field(default_factory=dict)
    agents: Annotated[Mapping[str, int], "for each agent"] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Condition:
    """What must hold before the plan starts: a `command`, a `plan` with its `step`, or a `tick`; one of the three."""

    id: Annotated[str, "its name in this plan"]
    title: Annotated[str, "what people read; unset: the id"] = ""
    command: Annotated[Sequence[str], "a command that must succeed"] = ()
    plan: Annotated[str | None, "the name of another plan, whose `step` must be completed"] = None
    step: Annotated[str | None, "a step of that plan"] = None
    tick: Annotated[bool, "a person says so: `holdfast plan tick PLAN ID`"] = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One step."""

    id: Annotated[str, "its name in this plan"]
    title: Annotated[str, "what people read; unset: the id"] = ""
    active_form: Annotated[str | None, "what is shown while it runs"] = None
    role: Annotated[
        str | None, "who does it: a role of the plan, of `.holdfast/roles`, or a shipped one"
    ] = None
    agent: Annotated[
        str,
        "`command`; `claude`, `codex` or `gemini`; `person` (by hand, always with `verify`); or the name of a registered callable",
    ] = COMMAND
    command: Annotated[Sequence[str], "the program and its arguments"] = ()
    prompt: Annotated[str | None, "what an agent program or a person is to do"] = None
    model: Annotated[
        str | None, "the model that it uses; unset: the role's, or the program's own"
    ] = None
    needs: Annotated[
        Sequence[str], "the steps that must be done first; what needs nothing starts at once"
    ] = ()
    inputs: Annotated[Mapping[str, Any], "the values that it is given"] = dataclasses.field(
        default_factory=dict
    )
    outputs: Annotated[Sequence[str], "names that its result must have; without them it fails"] = ()
    gate: Annotated[Gate | None, "what a person decides first"] = None
    verify: Annotated[Verification | None, "what shows that it is done"] = None
    retries: Annotated[int, "how often it is tried again when it fails"] = 0
    timeout_seconds: Annotated[Seconds | None, "when its program is ended"] = None
    on_failure: Annotated[
        Literal["stop", "continue"] | GoBack, "what follows when it has failed for good"
    ] = "stop"
    foreach: Annotated[
        Sequence[Any] | str | None,
        "a list, or an expression that gives one: the step is done once for each item",
    ] = None
    max_parallel: Annotated[
        int | None, "how many items of its `foreach` may be under way at once"
    ] = None
    when: Annotated[str | None, "an expression; where it does not hold the step is skipped"] = None
    undo: Annotated[
        Sequence[str], "a command that takes back what it did, for a plan that is rolled back"
    ] = ()
    todos: Annotated[Sequence[Todo], "its todo list to begin with"] = ()
    parallel: Annotated[bool, "false: nothing else runs beside it"] = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """A plan."""

    name: Annotated[str, "what people call it"]
    steps: Annotated[Sequence[Step], "the steps, in order; a step may need only steps before it"]
    description: Annotated[str | None, "what it is for"] = None
    inputs: Annotated[
        Mapping[str, Any],
        "its values, for expressions; `holdfast run --input NAME=VALUE` sets one, and must where it is null",
    ] = dataclasses.field(default_factory=dict)
    env: Annotated[
        Mapping[str, str], "environment variables for every command, added to the worker's own"
    ] = dataclasses.field(default_factory=dict)
    mode: Annotated[
        Literal["gates", "each_step", "report"],
        "when it waits for a person: at gates; after each step; or at gates, with a report of each step that may be stopped",
    ] = "gates"
    report_wait_seconds: Annotated[
        Seconds | None, "with `report`: how long a report may be stopped before the plan goes on"
    ] = None
    max_parallel: Annotated[int | None, "how many steps may be under way at once"] = None
    limits: Annotated[Limits, "how many of them for each role and agent"] = Limits()
    checklist: Annotated[Sequence[Condition], "what must hold before it starts"] = ()
    roles: Annotated[Mapping[str, Role], "roles of its own"] = dataclasses.field(
        default_factory=dict
    )
    hooks: Annotated[Hooks, "commands that run while its agents work"] = Hooks()
    progress_document: Annotated[
        str | None, "a file, relative to the plan's folder, that always tells how far it is"
    ] = None


def as_json(value: Any) -> Any:
    """A plan, or a part of it, as its row keeps it: what is unset or empty is left out.

    >>> as_json(Step(id="a", command=["true"]))
    {'id': 'a', 'agent': 'command', 'command': ['true'], 'retries': 0, 'on_failure': 'stop', 'parallel': True}
    """
    match value:
        case _ if dataclasses.is_dataclass(value):
            fields = ((f.name, as_json(getattr(value, f.name))) for f in dataclasses.fields(value))
            return {name: told for name, told in fields if told not in (None, "", [], {})}
        case dict():
            return {key: as_json(one) for key, one in value.items()}
        case list() | tuple():
            return [as_json(one) for one in value]
    return value
