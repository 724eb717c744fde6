"""`holdfast plan pause | resume | stop | rollback | tick`: steer a plan that runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

import typer

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._output import console, print_json
from holdfast.plans.steering import SteeredPlan
from holdfast.terminal.words import short

PlanArgument: TypeAlias = Annotated[
    str, typer.Argument(help="The plan's id, or a part of it.", metavar="PLAN")
]
ReasonOption: TypeAlias = Annotated[
    str | None, typer.Option("--reason", help="Why; it is kept with the plan.")
]


def register(app: typer.Typer) -> None:
    """Add these to the group of plans."""
    for name, command in (
        ("pause", pause),
        ("resume", resume),
        ("stop", stop),
        ("rollback", rollback),
        ("tick", tick),
    ):
        app.command(name)(command)


def pause(
    plan: PlanArgument,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Let a plan start nothing new; what is under way comes to its end."""
    told = "is paused. Go on with: holdfast plan resume"
    _steer(plan, venture, as_json, told, lambda steered: steered.pause(reason))


def resume(
    plan: PlanArgument,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Let a paused plan go on, or run a failed one again from what failed."""
    told = "goes on. A worker runs it: holdfast worker"
    _steer(plan, venture, as_json, told, lambda steered: steered.resume(reason))


def stop(
    plan: PlanArgument,
    reason: ReasonOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """End a plan as failed, with what is under way."""
    if not yes:
        typer.confirm("What is under way is cancelled. Stop the plan?", abort=True)
    told = "is stopped. Run it again with: holdfast plan resume"
    _steer(plan, venture, as_json, told, lambda steered: steered.stop(reason))


def rollback(
    plan: PlanArgument,
    *,
    to: Annotated[str, typer.Option("--to", help="The step that is done again.", metavar="STEP")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the step is told.")],
    pause_it: Annotated[
        bool, typer.Option("--pause", help="Leave it paused when all is taken back.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Take back a step and all that stands on it, the last thing done first, and do them again."""
    if not yes:
        typer.confirm(
            f"The undo commands of {to} and all that stands on it run. Go on?", abort=True
        )

    async def roll_back(steered: SteeredPlan) -> None:
        if pause_it:
            await steered.pause(reason)
        await steered.roll_back(to, reason)

    _steer(plan, venture, as_json, f"is rolled back to {to}", roll_back)


def tick(
    plan: PlanArgument,
    condition: Annotated[str, typer.Argument(help="The condition's id.")],
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Say that a condition of a plan's checklist holds."""
    _steer(
        plan, venture, as_json, f"{condition} is ticked", lambda steered: steered.tick(condition)
    )


def _steer(
    plan: str,
    venture: str | None,
    as_json: bool,
    told: str,
    deed: Callable[[SteeredPlan], Awaitable[None]],
) -> None:
    async def work() -> SteeredPlan:
        async with connected(venture) as (hf, venture_id):
            plan_id = await find_id(hf, venture_id, "plan", plan)
            steered = SteeredPlan(hf.engine, venture_id, plan_id)
            await deed(steered)
            return steered

    steered = run_async(work())
    if as_json:
        print_json({"id": steered.id})
    else:
        console.print(f"plan {short(steered.id)}: {told}")
