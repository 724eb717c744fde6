"""Runs in every state, one of which was killed three times and finished."""

from __future__ import annotations

from tests.support.scene.run import Run
from tests.support.scene.stage import Stage, Story

KILLED_THREE_TIMES = "Fill the cent columns"
UNDER_WAY = "Have 18 call sites read cents"
_BATCHES = [
    "Count the rows of every table", "Lock out the nightly import", "invoices 2019 to 2021",
    "invoices 2022", "invoices 2023", "invoices 2024", "invoices 2025", "refunds", "vouchers",
    "season tickets", "Compare the sums with the ledger", "Let the nightly import in again",
]  # fmt: skip
# How many minutes ago each batch began; None: the worker was killed in the middle of it.
_DEATHS = {4: 215.0, 7: 160.0, 10: 118.0}
_FILES = ["fares", "refunds", "invoices", "ledger", "vouchers", "seasons", "exports", "receipts"]


async def killed_three_times(stage: Stage) -> Story:
    """Three workers were killed with SIGKILL; a fourth finished it."""
    kind = "callable:fill-cents"
    yield 250
    run = await Run.create(
        stage, KILLED_THREE_TIMES, kind=kind, agent="claude", role="coder", total_steps=len(_BATCHES),
        directive_id=stage.met["SD-102"], max_attempts=5, input={"prompt": "Fill the cent columns in batches of 10,000 rows."},
    )  # fmt: skip
    await run.take_up(kind, "worker-1@quay", lease_seconds=1500)
    at, attempt = 250.0, 1
    for position, name in enumerate(_BATCHES, start=1):
        await run.step(position, name)
        await run.log(
            f"{name}: begun in attempt {attempt}", "select count(*) … where amount_cents is null"
        )
        if position in _DEATHS:
            yield at - 2.5
            await run.log(f"{name}: half of it is done")
            at = _DEATHS[position]
            yield at
            attempt += 1
            await run.take_up(
                kind,
                f"worker-{attempt}@{'quay' if attempt % 2 else 'mole'}",
                lease_seconds=3000 if position == 10 else 2100,
            )
            await run.log(
                f"taken up again in attempt {attempt}: {position - 1} of {len(_BATCHES)} steps are done",
                level="warning",
            )
            await run.step(position, name)
        at -= 4.0 + position % 3
        yield at
        await run.log(f"{name}: {position * 48_211:,} rows", level="debug")
        await run.step(position, name, "completed")
        await run.meter(9_000 + position * 730, cost=f"0.{30 + position}", tools=3 + position % 4)
    await run.log("the sums agree with the ledger to the cent")
    await run.finish(result={"rows": 3_712_944, "differences": 0})


async def under_way(stage: Stage) -> Story:
    """Goes on as the scene ends."""
    yield 31
    run = await Run.create(
        stage,
        UNDER_WAY,
        agent="codex",
        role="coder",
        total_steps=18,
        directive_id=stage.met["SD-103"],
        session_id=stage.met["codex-21bc"],
    )
    await run.start("ben@mole")
    stage.met["under way"] = run.id
    at = 31.0
    for position in range(1, 12):
        file = f"billing/{_FILES[position % len(_FILES)]}.py"
        await run.step(position, file)
        await run.log(f"reading {file}", f"{file}: {2 + position % 5} places read a float")
        await run.meter(
            4_200 + 900 * (position % 4), cost=f"0.0{4 + position % 5}", tools=2 + position % 3
        )
        if position == 6:
            await run.log("billing/refunds.py:214 rounds half a cent; asked how", level="warning")
        if position < 11:
            at -= 1.9 + (position % 4) * 0.7
            yield at
            await run.step(position, file, "completed")


async def without_a_worker(stage: Stage) -> Story:
    """Its worker died a while ago and nobody has taken it up yet."""
    yield 47
    run = await Run.create(
        stage,
        "Index the harbours' names",
        agent="gemini",
        role="coder",
        total_steps=6,
        directive_id=stage.met["SD-202"],
        session_id=stage.met["gemini-9d04"],
    )
    await run.start("cleo@pier", lease_seconds=1260)
    for position, minutes in enumerate([43, 38, 30], start=1):
        await run.step(
            position, ["Read the schema", "Write the migration", "Build the index"][position - 1]
        )
        if position < 3:
            yield minutes
            await run.step(
                position, ["Read the schema", "Write the migration"][position - 1], "completed"
            )
    await run.log("create index concurrently harbours_name_trgm …")


async def failed(stage: Stage) -> Story:
    yield 205
    run = await Run.create(
        stage,
        "Update the dependencies of November",
        agent="claude",
        role="keeper",
        total_steps=4,
        directive_id=stage.met["SD-300"],
    )
    await run.start("worker-2@mole")
    await run.step(1, "Read the release notes")
    yield 201
    await run.step(1, "Read the release notes", "completed")
    await run.step(2, "Resolve the new versions")
    await run.log(
        "npm error ERESOLVE could not resolve: react@20 wants @types/react@20", level="error"
    )
    await run.meter(21_400, cost="0.61", tools=9)
    yield 197
    await run.step(2, "Resolve the new versions", "failed")
    await run.finish(
        "failed",
        error="The new versions cannot be had together: @testing-library/react wants react 19. Next: keep react at 19, or wait for its next release.",
    )


async def cancelled(stage: Stage) -> Story:
    yield 185
    run = await Run.create(
        stage,
        "Rewrite the importer",
        agent="gemini",
        role="coder",
        directive_id=stage.met["SD-400"],
    )
    await run.start("worker-1@quay")
    await run.log("reading importer/")
    yield 178
    await stage.call("cancel_execution", execution_id=run.id, reason="SD-400 was cancelled")


async def pending(stage: Stage) -> Story:
    for minutes, name in [
        (9, "Measure search after the index"),
        (8, "Write to the customers about half cents"),
    ]:
        yield minutes
        await Run.create(stage, name, kind="callable:later", agent="claude", role="writer")


async def nightly(stage: Stage) -> Story:
    """What has run before, so that there is a usual length."""
    for day in range(7, 0, -1):
        yield day * 1440 - 300
        run = await Run.create(
            stage,
            "Nightly ledger check",
            kind="callable:nightly",
            agent="command",
            role="checker",
            total_steps=3,
        )
        await run.start("worker-1@quay")
        for position, name in enumerate(
            ["Export the ledger", "Compare with the bank", "Send the report"], start=1
        ):
            await run.step(position, name)
            yield day * 1440 - 300 - position * (2.0 + day % 3)
            await run.step(position, name, "completed")
        await run.meter(1_200, cost="0.02")
        await run.finish(result={"differences": 0})
