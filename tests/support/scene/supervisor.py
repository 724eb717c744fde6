"""A coordinator that died twice, and what each restoration found."""

from __future__ import annotations

from typing import Any

from tests.support.scene.run import Run
from tests.support.scene.stage import A_DAY_SECONDS, Stage, Story

SUPERVISOR_NAME = "Look after the harbours' data"
_HARBOURS = ["Oban", "Roscoff", "Husum"]


class Coordinator:
    """A supervisor's function, under one lease after the other."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.who: dict[str, Any] = {}

    async def create(self) -> None:
        row = await self.stage.row(
            "create_supervisor",
            name=SUPERVISOR_NAME,
            handler="harbours",
            directive_id=self.stage.met["SD-200"],
        )
        self.stage.met["supervisor"] = row["id"]

    async def take_up(self, holder: str, *, lease_seconds: float) -> None:
        row = await self.stage.row(
            "claim_supervisors",
            holder=holder,
            ids=[self.stage.met["supervisor"]],
            lease_seconds=lease_seconds,
        )
        self.who = {"supervisor_id": row["id"], "epoch": row["epoch"], "token": row["token"]}

    async def call(self, function: str, /, **arguments: Any) -> Any:
        rows = await self.stage.call(function, **self.who, **arguments)
        return rows[0] if rows else None

    async def spawn(self, harbour: str) -> Run:
        row = await self.call(
            "spawn_execution",
            key=harbour.lower(),
            name=f"Check the timetable of {harbour}",
            kind="callable:scene",
            agent="claude",
            role="checker",
        )
        return Run(self.stage, row[0])


async def harbours(stage: Stage) -> Story:
    """Two deaths, two restorations, an open question, a consumed answer."""
    supervisor = Coordinator(stage)
    yield 230
    await supervisor.create()
    await supervisor.take_up("worker-1@quay", lease_seconds=1200)
    await supervisor.call("begin_step", name="read the timetables")
    await supervisor.call(
        "save_supervisor", state="working", activity="reading the timetables", progress=5
    )
    yield 222
    await supervisor.call("finish_step", name="read the timetables", result={"harbours": 3})
    await supervisor.call("begin_step", name="compare with last year")
    runs = [await supervisor.spawn(harbour) for harbour in _HARBOURS]
    await runs[0].start("worker-2@mole")
    yield 216
    await runs[0].finish(result={"differences": 2})
    await supervisor.call(
        "save_checkpoint",
        parent=None,
        state={"turn": 1},
        blobs=[b"three harbours, one is done"],
        label="after Oban",
    )
    yield 193
    async for minutes in _again(supervisor, runs):
        yield minutes


async def _again(supervisor: Coordinator, runs: list[Run]) -> Story:
    await supervisor.stage.call("reap")
    await supervisor.take_up("worker-2@mole", lease_seconds=3000)
    await supervisor.call("begin_step", name="compare with last year")
    await runs[1].start("worker-2@mole", lease_seconds=3600)
    yield 172
    await supervisor.call(
        "finish_step", name="compare with last year", result={"missing": ["Husum"]}
    )
    await supervisor.call(
        "ask_question",
        message="Roscoff has no sailings on Sundays this winter. Is that so?",
        options=["yes", "no"],
        key="sundays",
    )
    await supervisor.call(
        "save_supervisor", state="waiting_for_answers", activity="asks about Sundays", progress=40
    )
    yield 142.5
    await supervisor.stage.call("reap")
    yield 140
    await supervisor.take_up("worker-3@quay", lease_seconds=A_DAY_SECONDS)
    question = await supervisor.call(
        "ask_question",
        message="Roscoff has no sailings on Sundays this winter. Is that so?",
        options=["yes", "no"],
        key="sundays",
    )
    yield 97
    await supervisor.stage.call(
        "answer_question", question_id=question["id"], answer="yes", answered_by="ann"
    )
    yield 96.9
    await supervisor.stage.call(
        "deliver_answer",
        question_id=question["id"],
        epoch=supervisor.who["epoch"],
        token=supervisor.who["token"],
    )
    await supervisor.stage.call(
        "acknowledge_answer",
        question_id=question["id"],
        epoch=supervisor.who["epoch"],
        token=supervisor.who["token"],
    )
    await supervisor.call(
        "save_supervisor", state="working", activity="writing the new timetable", progress=70
    )
    yield 63
    await supervisor.call("begin_step", name="write the new timetable")
    await supervisor.call(
        "ask_question",
        message="Which name should the landing stage at Husum have in English?",
        key="name",
        context={"harbour": "Husum", "local_name": "Anleger Außenhafen"},
    )
