"""A release in steps: one was sent back, one waits for a person."""

from __future__ import annotations

from typing import Any

from tests.support.scene.run import Run, verified
from tests.support.scene.stage import A_DAY_SECONDS, Stage, Story

PLAN_NAME = "Release 2.4"
GATE = {
    "message": "Deploy 2.4 to production? Staging has run it for an hour without an error.",
    "options": ["deploy", "wait until tomorrow", "stop the release"],
    "context": {"staging": "https://staging.tidewater.example", "errors": 0, "requests": 18_240},
}
_STEPS: list[dict[str, Any]] = [
    {"id": "spec", "title": "Write down what changes", "role": "architect", "agent": "claude"},
    {"id": "columns", "title": "Cent columns", "role": "coder", "agent": "claude", "needs": ["spec"], "verify": {"run": "make test"}},
    {"id": "readers", "title": "Readers of money", "role": "coder", "agent": "codex", "needs": ["spec"], "verify": {"run": "make test"}},
    {"id": "notes", "title": "Release notes", "role": "writer", "agent": "gemini", "needs": ["spec"]},
    {"id": "review", "title": "Review both", "role": "reviewer", "agent": "claude", "needs": ["columns", "readers"], "verify": {"run": "make review"}},
    {"id": "staging", "title": "Deploy to staging", "role": "operator", "needs": ["review"], "verify": {"run": "make smoke"}},
    {"id": "production", "title": "Deploy to production", "role": "operator", "needs": ["staging", "notes"], "gate": GATE},
    {"id": "smoke", "title": "Book a ticket for real", "role": "operator", "needs": ["production"], "verify": {"run": "make smoke-live"}},
    {"id": "announce", "title": "Tell the harbours", "role": "writer", "needs": ["smoke"]},
]  # fmt: skip


class Runner:
    """Plays a plan's runner and its workers."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.plan: dict[str, Any] = {}

    async def create(self) -> None:
        row = await self.stage.row(
            "create_plan", name=PLAN_NAME, steps=_STEPS, spec={"file": "release.yaml"}
        )
        self.stage.met |= {"plan": row["id"], "plan supervisor": row["supervisor_id"]}
        held = await self.stage.row(
            "claim_supervisors",
            holder="worker-1@quay",
            ids=[row["supervisor_id"]],
            lease_seconds=A_DAY_SECONDS,
        )
        self.plan = {"plan_id": row["id"], "epoch": held["epoch"], "token": held["token"]}

    async def call(self, function: str, /, **arguments: Any) -> Any:
        rows = await self.stage.call(function, **self.plan, **arguments)
        return rows[0] if rows else None

    async def begin(self, key: str) -> Run:
        """Start a step that has become ready, and its work."""
        await self.call("advance_plan")
        step = await self.call("start_plan_step", step_key=key, kind="callable:scene")
        return await Run(self.stage, step["execution_id"]).start("worker-1@quay")

    async def end(self, key: str, run: Run, result: Any = None) -> None:
        await run.finish(result=result)
        await self.call("complete_plan_step", step_key=key, result=result)

    async def verify(self, key: str, run: Run) -> Run:
        """The work is done; its verification begins."""
        await run.finish(result={"files": 7})
        step = await self.call(
            "verify_plan_step", step_key=key, result={"files": 7}, kind="callable:scene", input={}
        )
        return await Run(self.stage, step["verification_id"]).start("worker-2@mole")

    async def judge(self, key: str, verification: Run, outcome: dict[str, Any]) -> None:
        """The verification ended: its evidence is kept, and completes or fails the step."""
        await verification.finish(result=outcome)
        await self.call("record_evidence", step_key=key)
        if outcome["exit_code"] == 0:
            await self.call("complete_plan_step", step_key=key)
        else:
            reason = f"{' '.join(outcome['command'])} ended with {outcome['exit_code']}"
            await self.call("fail_plan_step", step_key=key, reason=reason)


async def release(stage: Stage) -> Story:
    """The plan until it waits at its gate."""
    runner = Runner(stage)
    yield 240
    await runner.create()
    spec = await runner.begin("spec")
    await spec.log("read 41 files that touch money")
    yield 226
    await runner.end("spec", spec, {"pages": 3})
    columns = await runner.begin("columns")
    readers = await runner.begin("readers")
    notes = await runner.begin("notes")
    yield 204
    await runner.end("notes", notes, {"words": 412})
    yield 190
    check = await runner.verify("columns", columns)
    yield 186
    await runner.judge(
        "columns", check, verified("make test", "1,204 passed in 211.40 s", 0, 211_400)
    )
    yield 174
    check = await runner.verify("readers", readers)
    yield 170
    await runner.judge(
        "readers", check, verified("make test", "1,204 passed in 208.02 s", 0, 208_020)
    )
    async for minutes in _review(runner):
        yield minutes


async def _review(runner: Runner) -> Story:
    """The review fails the first time and sends the readers back."""
    review = await runner.begin("review")
    yield 152
    check = await runner.verify("review", review)
    yield 151
    found = "refunds.py:214 rounds half a cent towards zero\n1 finding"
    await runner.judge("review", check, verified("make review", found, 1, 4_120))
    await runner.call(
        "send_plan_back",
        from_step="review",
        to_step="readers",
        findings={"billing/refunds.py:214": "half a cent is rounded towards zero"},
    )
    readers = await runner.begin("readers")
    yield 129
    check = await runner.verify("readers", readers)
    yield 125
    await runner.judge(
        "readers", check, verified("make test", "1,206 passed in 209.77 s", 0, 209_770)
    )
    review = await runner.begin("review")
    yield 113
    check = await runner.verify("review", review)
    yield 112
    await runner.judge("review", check, verified("make review", "no findings", 0, 3_980))
    staging = await runner.begin("staging")
    yield 104
    check = await runner.verify("staging", staging)
    yield 101
    await runner.judge("staging", check, verified("make smoke", "18 of 18 passed", 0, 61_300))
    yield 41
    await runner.call("advance_plan")
    await runner.call("start_plan_step", step_key="production", gate=GATE)
    await runner.stage.call(
        "save_supervisor",
        supervisor_id=runner.stage.met["plan supervisor"],
        state="working",
        epoch=runner.plan["epoch"],
        token=runner.plan["token"],
    )
    await runner.stage.call(
        "save_supervisor",
        supervisor_id=runner.stage.met["plan supervisor"],
        state="waiting_for_answers",
        activity="waits at the gate of production",
        epoch=runner.plan["epoch"],
        token=runner.plan["token"],
    )
