"""Each noun brought into each of its states, and asked for each move, by public functions only.

A mover is made fresh for each pair; `reach` walks drawn moves to the first state, `move` asks for the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from holdfast.errors import BY_SQLSTATE, Refused
from tests.support.sql import Row, call, call_row, call_value, one, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


class Mover:
    """One row of one noun."""

    ways: ClassVar[dict[str, tuple[str, ...]]]
    """For each state: the states that lead from the first one to it, itself included."""
    unasked: ClassVar[frozenset[str]] = frozenset()
    """States that no function can be asked for."""
    calm: ClassVar[frozenset[str]] = frozenset()
    """States that may be asked for again, or too late, without a refusal: nothing is changed then."""
    table: ClassVar[str]
    column: ClassVar[str] = "status"

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arguments: dict[str, Any] = {}

    async def make(self) -> None:
        """Create it, in its first state."""
        raise NotImplementedError

    async def move(self, to: str) -> None:
        """Ask for a move; raises what the engine refuses."""
        raise NotImplementedError

    async def reach(self, state: str) -> None:
        await self.make()
        for step in self.ways[state]:
            await self.move(step)

    async def state(self) -> str:
        row = await one(self.connection, f"select {self.column}::text from holdfast.{self.table}")
        found: str = row[0]
        return found

    async def call(self, function: str, /, **more: Any) -> list[Row]:
        return await call(self.connection, function, **self.arguments, **more)


class DirectiveStatus(Mover):
    table = "directives"
    ways: ClassVar = {
        "draft": (),
        "active": ("active",),
        "blocked": ("active", "blocked"),
        "completed": ("active", "completed"),
        "cancelled": ("active", "cancelled"),
    }

    async def make(self) -> None:
        self.arguments = {"sd_key": "SD-1"}
        await self.call("add_directive", title="moved")

    async def move(self, to: str) -> None:
        await self.call("move_directive", status=to, reason="so that it has one")


class DirectivePhase(Mover):
    table, column = "directives", "phase"
    ways: ClassVar = {
        "LEAD": (),
        "PLAN": ("PLAN",),
        "EXEC": ("PLAN", "EXEC"),
        "COMPLETE": ("PLAN", "EXEC", "COMPLETE"),
    }

    async def make(self) -> None:
        self.arguments = {"sd_key": "SD-1"}
        await self.call("add_directive", title="moved", status="active")

    async def move(self, to: str) -> None:
        await self.call("move_directive_phase", phase=to, reason="so that it has one")


class Session(Mover):
    table, column = "claude_sessions", "state"
    unasked = frozenset({"starting"})
    calm = frozenset({"running", "idle", "requires_action"})
    ways: ClassVar = {
        "starting": (),
        "running": ("running",),
        "idle": ("running", "idle"),
        "requires_action": ("running", "requires_action"),
        "ended": ("running", "ended"),
        "lost": ("running", "lost"),
    }

    async def make(self) -> None:
        self.arguments = {"session_id": "s"}
        self.fence = {"epoch": None, "token": None}
        await self.call("upsert_auto_proceed_session")

    async def move(self, to: str) -> None:
        now = await self.state()
        if now in ("lost", "ended") and to == "running":
            again = self.arguments | {"reopen": now == "ended"}
            row = await call_row(self.connection, "start_session", **again)
            self.fence = {"epoch": row["epoch"], "token": row["token"]}
        elif to == "ended":
            await self.call("end_session", **self.fence)
        elif to == "lost":
            await self.call("interrupt_session", **self.fence)
        else:
            await self.call("save_session", **self.fence, state=to)


class Supervisor(Mover):
    table, column = "supervisor_states", "state"
    calm = frozenset({"starting", "working", "waiting_for_tasks", "waiting_for_answers", "paused"})
    ways: ClassVar = {
        "starting": (),
        **{state: (state,) for state in calm - {"starting"}},
        "completed": ("working", "completed"),
        "failed": ("failed",),
    }

    async def make(self) -> None:
        row = await call_row(self.connection, "create_supervisor", name="s")
        self.arguments = {"supervisor_id": row["id"], "epoch": None, "token": None}

    async def move(self, to: str) -> None:
        over = to in ("completed", "failed")
        await self.call("finish_supervisor" if over else "save_supervisor", state=to)


class Execution(Mover):
    table = "agent_executions"
    unasked = frozenset({"pending"})
    ways: ClassVar = {
        "pending": (),
        "running": ("running",),
        "completed": ("running", "completed"),
        "failed": ("running", "failed"),
        "cancelled": ("cancelled",),
    }

    async def make(self) -> None:
        made = await call_value(self.connection, "create_execution", name="e")
        self.arguments = {"execution_id": made}

    async def move(self, to: str) -> None:
        if to == "running":
            await self.call("start_execution")
        elif to == "cancelled":
            await self.call("cancel_execution")
        else:
            await self.call("finish_execution", status=to)


class ExecutionStep(Mover):
    table = "execution_steps"
    calm = frozenset({"running", "completed", "failed", "skipped"})
    ways: ClassVar = {
        "running": (),
        "completed": ("completed",),
        "failed": ("failed",),
        "skipped": ("skipped",),
    }

    async def make(self) -> None:
        made = await call_value(self.connection, "create_execution", name="e")
        await call(self.connection, "start_execution", execution_id=made)
        self.arguments = {"execution_ids": [made], "epochs": [None], "tokens": [None]}
        await self.move("running")

    async def move(self, to: str) -> None:
        refused = await self.call("record_steps", positions=[1], names=["one"], statuses=[to])
        for row in refused:
            raise BY_SQLSTATE[row["code"]](row["reason"])


class Question(Mover):
    table = "questions"
    unasked = frozenset({"open"})
    # handing over what is no longer an answer, expiring what is closed, acknowledging twice: nothing happens
    calm = frozenset({"delivered", "expired", "acknowledged"})
    ways: ClassVar = {
        "open": (),
        "answered": ("answered",),
        "delivered": ("answered", "delivered"),
        "acknowledged": ("answered", "delivered", "acknowledged"),
        "expired": ("expired",),
        "withdrawn": ("withdrawn",),
    }

    async def make(self) -> None:
        await set_clock(self.connection)
        row = await call_row(self.connection, "create_supervisor", name="s")
        question = await call_row(
            self.connection, "ask_question", message="?", supervisor_id=row["id"],
            expires_in_seconds=60,
        )  # fmt: skip
        self.arguments = {"question_id": question["id"]}

    async def move(self, to: str) -> None:
        fence = {"epoch": None, "token": None}
        if to == "answered":
            await self.call("answer_question", answer="yes")
        elif to == "delivered":
            await self.call("deliver_answer", **fence)
        elif to == "acknowledged":
            await self.call("acknowledge_answer", **fence)
        elif to == "withdrawn":
            await self.call("withdraw_question")
        else:
            await set_clock(self.connection, 61)
            await call(self.connection, "reap")
            await set_clock(self.connection)


class PlanStep(Mover):
    table, column = "plan_steps where step_key = 'it'", "status"
    # The engine makes ready what is due, and nobody can ask for skipping yet.
    unasked = frozenset({"pending", "skipped"})
    calm = frozenset({"ready"})
    ways: ClassVar = {
        "pending": (),
        "ready": ("ready",),
        "running": ("ready", "running"),
        "waiting": ("ready", "waiting"),
        "verifying": ("ready", "running", "verifying"),
        "completed": ("ready", "running", "completed"),
        "failed": ("ready", "running", "failed"),
    }

    async def make(self) -> None:
        steps = [{"id": "before"}, {"id": "it", "needs": ["before"]}]
        plan = await call_row(self.connection, "create_plan", name="p", steps=steps)
        self.arguments = {"plan_id": plan["id"], "epoch": None, "token": None}
        await self.call("advance_plan")
        await self.call("start_plan_step", step_key="before")

    async def move(self, to: str) -> None:
        it = {"step_key": "it"}
        now = await self.state()
        if to == "ready":
            if now == "pending":
                await self.call("complete_plan_step", step_key="before")
            await self.call("advance_plan")
        elif to == "running" and now == "waiting":
            row = await one(self.connection, "select id from holdfast.questions")
            await call(self.connection, "answer_question", question_id=row["id"], answer=True)
            await self.call("open_gate", **it)
        elif to == "running":
            await self.call("start_plan_step", **it)
        elif to == "waiting":
            await self.call("start_plan_step", **it, gate={"message": "?"})
        elif to == "verifying":
            await self.call("verify_plan_step", **it, result={}, kind="k", input={})
        elif to == "completed":
            await self.call("complete_plan_step", **it)
        else:
            await self.call("fail_plan_step", **it, reason="broken")


MOVERS: dict[str, type[Mover]] = {
    "directive_status": DirectiveStatus,
    "directive_phase": DirectivePhase,
    "session_state": Session,
    "supervisor_state": Supervisor,
    "execution_status": Execution,
    "execution_step_status": ExecutionStep,
    "question_status": Question,
    "plan_status": PlanStep,
}


async def refused_by(mover: Mover, to: str) -> type[Refused] | None:
    """The refusal of a move, if it is one."""
    try:
        async with mover.connection.transaction():
            await mover.move(to)
    except Refused as refusal:
        return type(refusal)
    return None
