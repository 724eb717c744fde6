"""What there is to do, and the sessions of agent programs that do it."""

from __future__ import annotations

from typing import Any

from tests.support.evidence import evidence
from tests.support.scene.stage import A_DAY_SECONDS, Stage, Story

# Key, title, parent, needs, phase, verification.
_TREE: list[tuple[str, str, str | None, list[str], str, str | None]] = [
    ("SD-100", "Move money to whole cents", None, [], "EXEC", None),
    ("SD-101", "List every column that holds money as a float", "SD-100", [], "EXEC", "make money-audit"),
    ("SD-102", "Add the cent columns and fill them", "SD-100", ["SD-101"], "EXEC", "make test"),
    ("SD-103", "Have the readers use cents", "SD-100", ["SD-101"], "PLAN", "make test"),
    ("SD-104", "Drop the float columns", "SD-100", ["SD-102", "SD-103"], "LEAD", "make test"),
    ("SD-200", "Search answers within 200 ms", None, [], "EXEC", None),
    ("SD-201", "Record what people search for today", "SD-200", [], "EXEC", None),
    ("SD-202", "Index the harbours' names with trigrams", "SD-200", ["SD-201"], "EXEC", "make bench-search"),
    ("SD-203", "Choose a stemming dictionary", "SD-200", [], "LEAD", None),
    ("SD-204", "Rank by departures of the last month", "SD-200", ["SD-202"], "LEAD", None),
    ("SD-300", "Update the dependencies of November", None, [], "LEAD", "make test"),
    ("SD-400", "Rewrite the importer", None, [], "LEAD", None),
]  # fmt: skip


async def tree(stage: Stage) -> Story:
    """The directives, most of them ready to be begun."""
    yield 600
    for place, (key, title, parent, needs, phase, verification) in enumerate(_TREE):
        draft = key in {"SD-104", "SD-204"}
        id_ = await stage.value(
            "add_directive", sd_key=key, title=title, parent_key=parent, needs=needs, phase=phase,
            verification=verification, status="draft" if draft else "active", priority=100 + place,
        )  # fmt: skip
        stage.met[key] = id_
    yield 540
    await stage.call(
        "move_directive",
        sd_key="SD-400",
        status="cancelled",
        reason="the importer is fast enough since 2.3",
    )
    yield 420
    await stage.call("move_directive", sd_key="SD-203", status="blocked", reason="the dictionary's licence is being asked for")  # fmt: skip


class Session:
    """One run of an agent program."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.name = name
        self.fence: dict[str, Any] = {}
        self.claim: dict[str, Any] = {}

    async def start(
        self, agent: str, holder: str, branch: str, *, lease_seconds: float = A_DAY_SECONDS
    ) -> Session:
        row = await self.stage.row(
            "start_session", session_id=self.name, agent=agent, holder=holder, lease_seconds=lease_seconds,
            metadata={"branch": branch, "work_tree": f"/home/ann/src/{branch.replace('/', '-')}"},
        )  # fmt: skip
        self.fence = {"epoch": row["epoch"], "token": row["token"]}
        self.stage.met[self.name] = row["id"]
        return self

    async def call(self, function: str, /, **arguments: Any) -> list[Any]:
        return await self.stage.call(function, session_id=self.name, **self.fence, **arguments)

    async def take(self, sd_key: str, *, lease_seconds: float = A_DAY_SECONDS) -> None:
        [row] = await self.call("claim_directive", sd_key=sd_key, lease_seconds=lease_seconds)
        self.claim = {"sd_key": sd_key, "epoch": row["epoch"], "token": row["token"]}

    async def done(self, command: str | None = None) -> None:
        await self.stage.call(
            "move_directive",
            status="completed",
            evidence=evidence(command) if command else None,
            **self.claim,
        )


async def auditor(stage: Stage) -> Story:
    """Did its part and ended."""
    yield 500
    session = await Session(stage, "claude-c118").start("claude", "ann@quay", "sd-101-audit")
    await session.take("SD-101")
    yield 455
    await session.done("make money-audit")
    await session.take("SD-201")
    yield 380
    await session.done()
    await session.call("end_session", reason="its work was done")


_FOUND = [
    {"kind": "SD", "here": "file=SD-101", "truth": "db_claim=SD-102", "repaired": True},
    {
        "kind": "branch",
        "here": "branch=sd-101-audit",
        "truth": "db_claim=SD-102",
        "repaired": False,
    },
]
_HOOKS = [("SessionStart", 2, 0, 0.31), ("PreToolUse", 214, 1, 0.09), ("Stop", 6, 2, 41.0)]


def _hook(name: str, runs: int, refusals: int, longest: float) -> dict[str, Any]:
    seconds = {"seconds": longest * (1 + runs) / 2, "longest": longest}
    return {"hook": name, "runs": runs, "refusals": refusals, "failures": 0, **seconds}


async def filler(stage: Stage) -> Story:
    """Walks the children of SD-100; died once, and came back to its place."""
    yield 300
    session = await Session(stage, "claude-7f3a").start(
        "claude", "ann@quay", "sd-102-cents", lease_seconds=1800
    )
    await session.call(
        "start_auto_proceed", orchestrator_key="SD-100", settings={"chain_orchestrators": True}
    )
    await session.take("SD-102", lease_seconds=1800)
    await session.call(
        "record_todos",
        items=[
            {"key": "1", "content": "Add the columns", "status": "completed"},
            {"key": "2", "content": "Fill them in batches", "status": "in_progress"},
        ],
    )
    yield 262
    await stage.call("reap")
    yield 258
    await session.start("claude", "ann@quay", "sd-102-cents")
    await session.take("SD-102")
    await session.call("save_session", metadata={"resumed_because": "the machine was restarted"})
    await stage.call("report_divergences", session_id=session.name, found=_FOUND)
    await session.call("report_hooks", hooks=[_hook(*one) for one in _HOOKS])
    yield 0.4
    await session.call("renew_session", lease_seconds=A_DAY_SECONDS)


async def reader(stage: Stage) -> Story:
    """Holds SD-103 and asks how half a cent is rounded."""
    yield 150
    session = await Session(stage, "codex-21bc").start("codex", "ben@mole", "sd-103-readers")
    await session.take("SD-103")
    yield 34
    await session.call(
        "ask_question",
        message="Half a cent in a refund: round to even, or in the customer's favour?",
        options=["round to even", "in the customer's favour"],
        key="rounding",
        context={"file": "billing/refunds.py", "line": 214},
    )
    await session.call("save_session", state="requires_action")
    yield 0.2
    await session.call("renew_session", lease_seconds=A_DAY_SECONDS)


async def lost_one(stage: Stage) -> Story:
    """Nothing was heard of it; its claim ran out with it."""
    yield 95
    session = await Session(stage, "gemini-9d04").start(
        "gemini", "cleo@pier", "sd-202-trigrams", lease_seconds=4200
    )
    await session.take("SD-202", lease_seconds=4200)
    yield 24
    await stage.call("reap")


async def idle_one(stage: Stage) -> Story:
    yield 55
    session = await Session(stage, "claude-e2d9").start("claude", "dov@buoy", "main")
    yield 12
    await session.call("save_session", state="idle")
    await session.call(
        "declare_silence", minutes=40, reason="the rate limit resets at the full hour"
    )
