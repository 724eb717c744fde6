"""What a plan that can be read must be besides, before it may start."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from holdfast.errors import PlanError
from holdfast.model.kinds import COMMAND, PROGRAMS
from holdfast.plans.reading import nearest
from holdfast.plans.spec import PERSON, Condition, GoBack, Plan, Step
from holdfast.plans.yaml_text import Keys, YamlText

# As the database has them: what it would refuse is told here with its place in the file.
MOST_NAME_CHARACTERS = 200
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_ID_FORM = (
    "Begin with a letter or digit; then letters, digits, dots, dashes and underscores, at most 63."
)
_REPORT = "report"
_Wrong: TypeAlias = tuple[str, str | None]
"""What is wrong, and what to do."""


def check_plan(plan: Plan, text: YamlText) -> None:
    """Check what its annotations do not say.

    Raises:
        PlanError: something is wrong.
    """
    if not 1 <= len(plan.name) <= MOST_NAME_CHARACTERS:
        raise text.error(
            ("name",),
            f"it has {len(plan.name)} characters.",
            hint=f"Give it 1 to {MOST_NAME_CHARACTERS}.",
        )
    if not plan.steps:
        raise text.error((), "steps is empty.", hint="A plan has at least one step.", key="steps")
    _check_ids("steps", "steps", [step.id for step in plan.steps], text)
    _check_ids("checklist", "conditions", [condition.id for condition in plan.checklist], text)
    before: set[str] = set()
    for number, step in enumerate(plan.steps):
        _check_order(step, before, ("steps", number), text)
        before.add(step.id)
        _raise(_wrong_with_step(step), ("steps", number), text)
    for number, condition in enumerate(plan.checklist):
        _raise(_wrong_with_condition(condition), ("checklist", number), text)
    _check_limits(plan, text)
    _check_hooks(plan, text)


def _check_ids(key: str, kind: str, ids: Sequence[str], text: YamlText) -> None:
    seen: set[str] = set()
    for number, one in enumerate(ids):
        if not _ID.fullmatch(one):
            raise text.wrong((key, number, "id"), one, "is no id.", hint=_ID_FORM)
        if one in seen:
            raise text.error(
                (key, number), f"two {kind} have the id {one}.", hint="Give each its own."
            )
        seen.add(one)


def _check_order(step: Step, before: Iterable[str], keys: Keys, text: YamlText) -> None:
    for number, needed in enumerate(step.needs):
        if needed not in before:
            told = f"{needed} is no step before this one."
            raise text.error((*keys, "needs", number), told, hint=nearest(needed, before))
    if isinstance(step.on_failure, GoBack) and step.on_failure.to not in before:
        told = f"{step.on_failure.to} is no step before this one."
        raise text.error((*keys, "on_failure"), told, hint=nearest(step.on_failure.to, before))


def _wrong_with_step(step: Step) -> _Wrong | None:
    return _wrong_with_work(step) or _wrong_with_numbers(step) or _wrong_with_gate(step)


def _wrong_with_work(step: Step) -> _Wrong | None:
    has_prompt = step.prompt is not None
    match step.agent:
        case _ if step.agent == COMMAND:
            if not (step.command or step.gate or step.verify):
                return (
                    "there is nothing to do.",
                    "Give it a command, a gate or a verify, or name another agent.",
                )
        case _ if step.agent == PERSON:
            if step.verify is None:
                return (
                    "what a person does must be verified.",
                    "Give it verify: a command that shows that it is done.",
                )
            if not has_prompt:
                return "prompt is missing.", "Say what the person is to do."
        case _ if step.agent in PROGRAMS and not has_prompt:
            return "prompt is missing.", f"Say what {step.agent} is to do."
    if step.agent != COMMAND and step.command:
        return f"{step.agent} takes no command.", "Leave out the agent, or the command."
    if step.agent not in (*PROGRAMS, PERSON) and has_prompt:
        return f"{step.agent} takes no prompt.", f"Name an agent program: {', '.join(PROGRAMS)}."
    if step.agent not in PROGRAMS and step.model:
        return f"{step.agent} takes no model.", f"Name an agent program: {', '.join(PROGRAMS)}."
    return None


def _wrong_with_numbers(step: Step) -> _Wrong | None:
    if step.retries < 0:
        return f"retries = {step.retries} is below 0.", None
    if isinstance(step.on_failure, GoBack) and step.on_failure.at_most < 1:
        return f"on_failure.at_most = {step.on_failure.at_most} is below 1.", None
    if step.max_parallel is not None and step.foreach is None:
        return (
            "max_parallel is for the items of a foreach.",
            "The plan's own max_parallel and limits are for steps.",
        )
    if step.max_parallel is not None and step.max_parallel < 1:
        return f"max_parallel = {step.max_parallel} is below 1.", None
    return None


def _wrong_with_gate(step: Step) -> _Wrong | None:
    if step.verify is not None and not step.verify.command:
        return "verify.command is empty.", None
    gate = step.gate
    if gate is None:
        return None
    if gate.escalate and gate.expires_in_seconds is None:
        return "gate.escalate is given, and the gate never expires.", "Give expires_in too."
    if gate.escalate and not (gate.escalate.person or gate.escalate.role):
        return "gate.escalate does not say whom to ask.", "Give it a person, a role, or both."
    if not set(gate.approve) <= set(gate.options):
        told = f"gate.approve = {list(gate.approve)} is not among its options {list(gate.options)}."
        return told, None
    return None


def _wrong_with_condition(condition: Condition) -> _Wrong | None:
    kinds = [bool(condition.command), condition.plan is not None, condition.tick]
    if sum(kinds) != 1:
        return "it is not exactly one of command, plan and tick.", "Split it into several."
    if (condition.plan is None) != (condition.step is None):
        return "plan and step belong together.", "Name a plan and one of its steps."
    return None


def _check_limits(plan: Plan, text: YamlText) -> None:
    named = {
        "roles": {step.role for step in plan.steps if step.role} | set(plan.roles),
        "agents": {step.agent for step in plan.steps},
    }
    for kind, limits in (("roles", plan.limits.roles), ("agents", plan.limits.agents)):
        for name, most in limits.items():
            if name not in named[kind]:
                told = f"no step has {name}."
                raise text.error(
                    ("limits", kind, name), told, hint=nearest(name, sorted(named[kind]))
                )
            if most < 1:
                raise text.wrong(("limits", kind, name), most, "is below 1.")
    if plan.max_parallel is not None and plan.max_parallel < 1:
        raise text.wrong(("max_parallel",), plan.max_parallel, "is below 1.")
    if plan.report_wait_seconds is not None and plan.mode != _REPORT:
        raise text.error(
            ("report_wait",),
            "only mode: report waits so.",
            hint="Set mode: report, or leave it out.",
        )
    if plan.progress_document and plan.progress_document.startswith(("/", "..")):
        raise text.wrong(
            ("progress_document",),
            plan.progress_document,
            "is not below the plan's folder.",
            hint="Write PROGRESS.md.",
        )


def _check_hooks(plan: Plan, text: YamlText) -> None:
    for kind, hooks in (
        ("after_tool", plan.hooks.after_tool),
        ("before_commit", plan.hooks.before_commit),
    ):
        for number, hook in enumerate(hooks):
            keys: Keys = ("hooks", kind, number)
            if not hook.command:
                raise text.error((*keys, "command"), "it is empty.")
            if hook.tools is not None and kind == "before_commit":
                raise text.error(keys, "tools is for after_tool.", hint="Leave it out.")
            if hook.tools is not None:
                _check_pattern(hook.tools, (*keys, "tools"), text)


def _check_pattern(pattern: str, keys: Keys, text: YamlText) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise text.wrong(keys, pattern, f"is no regular expression: {error}.") from None


def _raise(wrong: _Wrong | None, keys: Keys, text: YamlText) -> None:
    if wrong is not None:
        told, hint = wrong
        error: PlanError = text.error(keys, told, hint=hint)
        raise error
