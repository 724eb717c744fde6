"""Plans of a `World` that people steer: one with a checklist, and one in each state of being rolled back."""

from __future__ import annotations

from typing import Any, Protocol
from uuid import UUID

from tests.support.sql import Token

KINDS = ("checked", "undecided", "undone", "rolled_back")
_CHECKLIST = [
    {"id": "due", "command": ["true"]},
    {"id": "ran", "command": ["true"]},
    {"id": "ticked", "tick": True},
]
_UNDO = {"undo": ["true"]}
_STEPS: dict[str, list[dict[str, Any]]] = {
    "checked": [{"id": "only"}],
    "undecided": [{"id": "last", **_UNDO}, {"id": "undone", "needs": ["last"], **_UNDO}],
    "undone": [{"id": "undone", **_UNDO}],
    "rolled_back": [{"id": "done"}],
}
_RUN = {"command": ["true"], "output_sha256": "00" * 32, "output_tail": "", "duration_ms": 1}


class Maker(Protocol):
    """What makes a world."""

    async def call(self, function: str, /, **arguments: Any) -> list[Any]: ...
    async def row(self, function: str, /, **arguments: Any) -> Any: ...
    async def value(self, function: str, /, **arguments: Any) -> Any: ...


async def make_plans(maker: Maker) -> dict[str, Any]:
    """The plans, not begun; by what they are there for."""
    plans = {}
    for kind in KINDS:
        spec = {"checklist": _CHECKLIST} if kind == "checked" else {}
        plans[kind] = await maker.row("create_plan", name=kind, steps=_STEPS[kind], spec=spec)
    return plans


async def steer_plans(maker: Maker, plans: dict[str, Any], tokens: dict[str, Token]) -> None:
    """Bring each into the state that it is named after."""
    fences = {
        kind: {"plan_id": plans[kind]["id"], **token._asdict()} for kind, token in tokens.items()
    }
    await _check(maker, fences["checked"])
    for kind in KINDS[1:]:
        for step in _STEPS[kind]:
            await _do(maker, fences[kind], step["id"])
        first = _STEPS[kind][0]["id"]
        await maker.call("roll_plan_back", plan_id=plans[kind]["id"], to_step=first, reason="why")
    for kind in ("undecided", "undone"):
        undo = await maker.row("undo_plan_step", **fences[kind], step_key="undone", kind="k", input={})  # fmt: skip
        await _run(maker, undo["undo_id"], 1)
    step = {**fences["undecided"], "step_key": "undone"}
    await maker.call("settle_undo", **step)
    asked = await maker.row(
        "ask_question", message="again?", key="undone#1/undo.1",
        supervisor_id=plans["undecided"]["supervisor_id"], **tokens["undecided"]._asdict(),
    )  # fmt: skip
    await maker.call("answer_question", question_id=asked["id"], answer="again")


async def _check(maker: Maker, fence: dict[str, Any]) -> None:
    ran = await maker.value("check_condition", **fence, condition_id="ran", kind="k", input={})
    await _run(maker, ran, 0)
    await maker.call("pause_plan", plan_id=fence["plan_id"])


async def _do(maker: Maker, fence: dict[str, Any], step: str) -> None:
    await maker.call("advance_plan", **fence)
    row = await maker.row("start_plan_step", **fence, step_key=step, kind="k", input={})
    await _run(maker, row["execution_id"], 0)
    await maker.call("complete_plan_step", **fence, step_key=step)


async def _run(maker: Maker, execution_id: UUID, exit_code: int) -> None:
    """Let an execution run to its end, as a worker does."""
    await maker.call("start_execution", execution_id=execution_id)
    status = "failed" if exit_code else "completed"
    result = {**_RUN, "exit_code": exit_code}
    await maker.call("finish_execution", execution_id=execution_id, status=status, result=result)
