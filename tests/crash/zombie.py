"""A process that holds a supervisor and an execution, and writes under its leases when it is told to.

It prints what it holds, waits for a line, tries everything, and prints what became of each attempt.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import holdfast
from holdfast import HoldfastError, Run, Supervisor
from holdfast.model.leases import Lease, LeaseKind

Attempt = Callable[[], Awaitable[Any]]


def say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def lease_of(hf: holdfast.Holdfast, kind: LeaseKind, row: Any) -> Lease:
    venture_id = await hf.venture_id()
    return Lease(
        kind=kind, venture_id=venture_id, id=row["id"], epoch=row["epoch"], token=row["token"]
    )


async def take_supervisor(hf: holdfast.Holdfast) -> Supervisor:
    row = await hf.engine.call_row(
        "claim_supervisors",
        holder="zombie",
        handlers=["release"],
        lease_seconds=hf.settings.lease_seconds,
    )
    lease = await lease_of(hf, LeaseKind.SUPERVISOR, row)
    return Supervisor(
        lease=lease,
        name=row["name"],
        input=row["input"],
        memory=row["memory"],
        restoration_count=0,
        engine=hf.engine,
        writer=hf.supervisor_writer(lease.venture_id),
        watch=hf.watch,
    )


async def take_execution(hf: holdfast.Holdfast) -> Run:
    row = await hf.engine.call_row(
        "claim_executions",
        holder="zombie",
        kinds=["callable:research"],
        lease_seconds=hf.settings.lease_seconds,
    )
    lease = await lease_of(hf, LeaseKind.EXECUTION, row)
    writer = hf.writer(lease.venture_id)
    return Run(lease=lease, name=row["name"], engine=hf.engine, writer=writer)


def attempts_of(sup: Supervisor, run: Run, question_id: str) -> dict[str, Attempt]:
    """Every write there is under the two leases."""

    async def flushed(write: Callable[[], object]) -> None:
        write()
        await run.flush()

    def of_run(function: str, **values: Any) -> Attempt:
        return lambda: sup._engine.call(function, execution_id=run.id, **run.lease.fence, **values)

    def of_sup(function: str, **values: Any) -> Attempt:
        return lambda: sup.call(function, **values)

    def own(function: str, **values: Any) -> Attempt:
        return of_sup(function, supervisor_id=sup.id, **values)

    return {
        "save": lambda: sup.save(activity="still here"),
        "step": lambda: sup.step("design", dict),
        "finish step": own("finish_step", name="begun", result=1),
        "spawn": lambda: sup.spawn("research"),
        "ask": lambda: sup.ask("Deployed?"),
        "deliver": of_sup("deliver_answer", question_id=question_id),
        "acknowledge": of_sup("acknowledge_answer", question_id=question_id),
        "withdraw": of_sup("withdraw_question", question_id=question_id),
        "checkpoint": own("save_checkpoint", parent=None, state={"n": 1}),
        "complete": own("finish_supervisor", state="completed", result=1),
        "fail": own("finish_supervisor", state="failed", error="no"),
        "release": own("release_supervisor", reason="tired"),
        "log": lambda: flushed(lambda: run.log("still here")),
        "activity": lambda: flushed(lambda: run.activity("still here")),
        "progress": lambda: flushed(lambda: run.progress(1, 2)),
        "track": lambda: flushed(lambda: list(run.track(["one"]))),
        "meter": lambda: run.meter(input_tokens=1),
        "complete execution": of_run("finish_execution", status="completed", result=1),
        "fail execution": of_run("finish_execution", status="failed", error="no"),
        "release execution": of_run("release_execution", reason="tired"),
    }


async def outcome_of(attempt: Attempt) -> str:
    try:
        await attempt()
    except HoldfastError as error:
        return error.code
    return "applied"


async def hold_both() -> None:
    """Hold a supervisor and an execution."""
    async with holdfast.connect() as hf:
        sup, run = await take_supervisor(hf), await take_execution(hf)
        await sup.call("begin_step", supervisor_id=sup.id, name="begun")
        [asked] = await sup.call("ask_question", supervisor_id=sup.id, message="Ready?", key="k")
        say({"supervisor": str(sup.id), "execution": str(run.id)})
        sys.stdin.readline()
        attempts = attempts_of(sup, run, asked["id"])
        say({name: await outcome_of(attempt) for name, attempt in attempts.items()})


async def hold_block() -> None:
    """Work inside `hf.execution`, and say how the block ended."""
    told = "the block went on"
    async with holdfast.connect() as hf:
        try:
            async with hf.execution("research") as run:
                run.log("before")
                await run.flush()
                say({"execution": str(run.id)})
                try:
                    await asyncio.Event().wait()
                finally:
                    run.log("after")
        except HoldfastError as error:
            told = error.code
    say(told)


if __name__ == "__main__":
    asyncio.run({"both": hold_both, "block": hold_block}[sys.argv[1]]())
