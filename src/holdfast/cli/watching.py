"""`holdfast watch`: what is under way, redrawn in place; the last frame stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from holdfast.cli._connection import JsonOption, VentureOption, connected, find_id, run_async
from holdfast.cli._frames import plan_frame, plan_line, step_line, work_frame
from holdfast.cli._output import console, print_json
from holdfast.client import Holdfast
from holdfast.engine.listener import Listener

REDRAW_SECONDS = 0.5
MOST_PLANS = 5
MOST_ROWS = 30


def watch(
    plan: Annotated[
        str | None, typer.Argument(help="A plan's id; unset means all that is under way.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Draw one frame and end.")] = False,
    as_json: JsonOption = False,
    venture: VentureOption = None,
) -> None:
    """Watch work live, with progress and time remaining. With --json a line each time something changed."""

    async def work() -> None:
        async with connected(venture) as (hf, venture_id):
            plan_id = await find_id(hf, venture_id, "plan", plan) if plan else None
            await watch_until_over(hf, venture_id, plan_id, once=once, as_json=as_json)

    try:
        run_async(work())
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def watch_until_over(
    hf: Holdfast,
    venture_id: UUID,
    plan_id: UUID | None,
    *,
    once: bool = False,
    as_json: bool = False,
) -> None:
    """Draw until the plan is over; without one, until interrupted."""
    listener = Listener(hf.engine, poll_seconds=REDRAW_SECONDS)
    listener.start()
    try:
        if as_json:
            await _print_lines(hf, venture_id, plan_id, listener, once=once)
        elif plan_id is None or once or console.is_terminal:
            await _draw(hf, venture_id, plan_id, listener, once=once)
        else:
            await _tell_changes(hf, venture_id, plan_id, listener)
    finally:
        await listener.stop()


async def _draw(
    hf: Holdfast, venture_id: UUID, plan_id: UUID | None, listener: Listener, *, once: bool
) -> None:
    with Live(console=console, auto_refresh=False, transient=False) as live:
        while True:
            rings = listener.rings
            plans, rows = await _look(hf, venture_id, plan_id)
            live.update(await _frame(hf, venture_id, plans, rows), refresh=True)
            if once or _is_over(plan_id, plans):
                return
            await asyncio.sleep(0.05)  # at most twenty frames a second
            await listener.wait(rings)


async def _tell_changes(hf: Holdfast, venture_id: UUID, plan_id: UUID, listener: Listener) -> None:
    """Where nothing can be redrawn: a line for each state that the plan or a step of it comes to, then the last frame."""
    told: set[tuple[str, ...]] = set()
    while True:
        rings = listener.rings
        [plan] = await hf.engine.read("plan", venture_id, plan_id)
        steps = await hf.engine.read("plan_steps", venture_id, plan_id)
        for state, line in _news(plan, steps):
            if state not in told:
                console.print(line, soft_wrap=True)
                told.add(state)
        if _is_over(plan_id, [plan]):
            console.print(await _frame(hf, venture_id, [plan], {}))
            return
        await listener.wait(rings)


def _news(plan: Any, steps: list[Any]) -> Iterator[tuple[tuple[str, ...], Text]]:
    """The state of the plan, and of each step that has begun, with a line for it."""
    if plan["ended_at"] is None:
        yield (plan_line(plan).plain,), plan_line(plan)
    for step in steps:
        if step["status"] not in ("pending", "ready"):
            yield (step["step_key"], str(step["round"]), step["status"]), step_line(step)


async def _frame(
    hf: Holdfast, venture_id: UUID, plans: list[Any], rows: dict[str, list[Any]]
) -> Group:
    frames = [await plan_frame(hf, venture_id, plan) for plan in plans]
    if not frames and not any(rows.values()):
        return Group(
            Text("Nothing is under way. Begin with: holdfast run PLAN.yaml", style="quiet")
        )
    return Group(*frames, await work_frame(hf, venture_id, rows))


async def _print_lines(
    hf: Holdfast, venture_id: UUID, plan_id: UUID | None, listener: Listener, *, once: bool
) -> None:
    before: Any = None
    while True:
        rings = listener.rings
        plans, rows = await _look(hf, venture_id, plan_id)
        steps = [await hf.engine.read("plan_steps", venture_id, plan["id"]) for plan in plans]
        now = {
            "plans": [{**plan, "plan_steps": own} for plan, own in zip(plans, steps, strict=True)],
            **rows,
        }
        if now != before:
            print_json(now)
        before = now
        if once or _is_over(plan_id, plans):
            return
        await listener.wait(rings)


async def _look(
    hf: Holdfast, venture_id: UUID, plan_id: UUID | None
) -> tuple[list[Any], dict[str, list[Any]]]:
    if plan_id is not None:
        return await hf.engine.read("plan", venture_id, plan_id), {}
    plans = await hf.engine.read("plans", venture_id, MOST_PLANS)
    rows = {
        "supervisors": await hf.engine.read("live_supervisors", venture_id, MOST_ROWS),
        "executions": await hf.engine.read("live_executions", venture_id, MOST_ROWS),
    }
    return [plan for plan in plans if plan["ended_at"] is None] or plans[:1], rows


def _is_over(plan_id: UUID | None, plans: list[Any]) -> bool:
    return plan_id is not None and all(plan["ended_at"] is not None for plan in plans)
