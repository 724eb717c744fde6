"""One of everything in a venture, each noun in the state from which the engine's functions go on.

Every lease in it is the second one: the holder before lost its own to the clock, so that there is a real stale token.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.support.conversations import KEEPING
from tests.support.evidence import evidence
from tests.support.sql import START, Token, call, call_row, call_value, connected, set_clock
from tests.support.steered import make_plans, steer_plans

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

OURS, FOREIGN = "acme", "foreign"
SESSION, DIRECTIVE, FREE_DIRECTIVE, DRAFT = "session-1", "SD-HELD", "SD-FREE", "SD-DRAFT"
WALKER, WALKED = "session-2", "SD-WALKED"
IDLER = "session-3"
FIRST_LEASE_SECONDS, SECOND_LEASE_SECONDS = 30, 3600
RECLAIMED_AT = 60
EXPIRED_AT = RECLAIMED_AT + SECOND_LEASE_SECONDS + 1

CATALOGUE: dict[str, Any] = {"format": 1, "schemas": ["public"], "objects": {"table public.t": ""}}
PLAN_STEPS: list[dict[str, Any]] = [
    {"id": "ready"},
    {"id": "running"},
    {"id": "gated"},
    {"id": "verifying", "verify": {"run": "true"}},
    {"id": "failed", "on_failure": "continue"},
    {"id": "started"},
    {"id": "each", "foreach": []},
    {"id": "reported"},
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Held:
    """A row under a lease, with the token that holds it and the one that did before."""

    id: UUID
    token: Token
    stale: Token


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """The ids and tokens of what was made."""

    venture_id: UUID
    member: str
    session: Held
    claim: Held
    supervisor: Held
    execution: Held
    runner: Held
    plan_id: UUID
    checked: Held
    undecided: Held
    undone: Held
    rolled_back: Held
    steered_plans: dict[str, UUID]
    pending_execution: UUID
    failed_execution: UUID
    free_supervisor: UUID
    paused_supervisor: UUID
    open_question: UUID
    answered_question: UUID
    delivered_question: UUID
    api_token: UUID
    watch: Held


@dataclasses.dataclass(frozen=True, kw_only=True)
class Worlds:
    """Two ventures with one of everything each."""

    ours: World
    foreign: World


async def make_worlds(url: str) -> Worlds:
    """Make them in a database."""
    async with connected(url) as connection:
        return Worlds(
            ours=await make_world(connection, OURS), foreign=await make_world(connection, FOREIGN)
        )


@asynccontextmanager
async def in_worlds(url: str) -> AsyncIterator[Connection]:
    """A connection to a database with worlds, at the moment at which they are."""
    async with connected(url) as connection:
        await set_clock(connection, RECLAIMED_AT)
        yield connection


async def make_world(connection: Connection, slug: str) -> World:
    """Make it, in a venture of its own; the connection's clock stands at `RECLAIMED_AT` afterwards."""
    await set_clock(connection)
    venture_id = await call_value(connection, "open_venture", slug=slug)
    maker = _Maker(connection, venture_id)
    await maker.call("set_member", user_id=f"member-of-{slug}", role="viewer")
    await _make_directives(maker)
    await maker.call("create_execution", name="done by a worker", kind="command", total_steps=5)
    supervisor_id = (await maker.row("create_supervisor", name="coordinator", handler="test"))["id"]
    plan = await maker.row("create_plan", name="plan", steps=PLAN_STEPS, spec={"mode": "each_step"})
    plans = await make_plans(maker)
    supervisors = (supervisor_id, plan["supervisor_id"], *(one["supervisor_id"] for one in plans.values()))  # fmt: skip
    await maker.call("keep_catalogue", name="kept", target="env:KEPT", catalogue=CATALOGUE)

    first = await _claim_all(maker, supervisors, FIRST_LEASE_SECONDS)
    await set_clock(connection, RECLAIMED_AT)
    await maker.call("reap")
    second = await _claim_all(maker, supervisors, SECOND_LEASE_SECONDS)
    held = [
        Held(id=id_, token=token, stale=first[id_])
        for id_, token in second.items()
    ]  # fmt: skip
    session, claim, execution, watch, supervisor, runner, *others = held
    await _work(maker, session, execution)
    questions = await _ask(maker, supervisor)
    await _advance(maker, runner, plan["id"])
    steered = dict(zip(plans, others, strict=True))
    await steer_plans(maker, plans, {kind: one.token for kind, one in steered.items()})
    await _follow(connection, venture_id)
    free = await maker.row("create_supervisor", name="free", handler="free")
    paused = await maker.row("create_supervisor", name="paused", handler="paused")
    await maker.call("pause_supervisor", supervisor_id=paused["id"])
    await maker.call("do_request", action="add_directive", arguments={"name": "SD-ASKED", "title": "asked for"}, key="first")  # fmt: skip
    for function, given in KEEPING.items():
        await maker.call(function, **given)
    await maker.call("start_session", session_id=IDLER, lease_seconds=SECOND_LEASE_SECONDS)
    return World(
        venture_id=venture_id,
        member=f"member-of-{slug}",
        watch=watch,
        session=session,
        claim=claim,
        supervisor=supervisor,
        execution=execution,
        runner=runner,
        plan_id=plan["id"],
        **steered,
        steered_plans={kind: one["id"] for kind, one in plans.items()},
        pending_execution=await maker.value("create_execution", name="pending", kind="callable:x"),
        failed_execution=await _fail(maker),
        free_supervisor=free["id"],
        paused_supervisor=paused["id"],
        open_question=questions["open"],
        answered_question=questions["answered"],
        delivered_question=questions["delivered"],
        api_token=await maker.value(
            "create_api_token", name=slug, role="viewer", digest=sha256(slug.encode()).digest()
        ),
    )


class _Maker:
    """Calls in one venture."""

    def __init__(self, connection: Connection, venture_id: UUID) -> None:
        self.connection = connection
        self.venture = {"venture_id": venture_id}

    async def call(self, function: str, /, **arguments: Any) -> list[Any]:
        return await call(self.connection, function, **arguments, **self.venture)

    async def row(self, function: str, /, **arguments: Any) -> Any:
        return await call_row(self.connection, function, **arguments, **self.venture)

    async def value(self, function: str, /, **arguments: Any) -> Any:
        return await call_value(self.connection, function, **arguments, **self.venture)


async def _make_directives(maker: _Maker) -> None:
    await maker.call("add_directive", sd_key=DIRECTIVE, title="held", status="active", phase="PLAN")
    await maker.call("add_directive", sd_key=FREE_DIRECTIVE, title="free", status="active")
    await maker.call("add_directive", sd_key=WALKED, title="walked", status="active", verification="true")  # fmt: skip
    await maker.call("add_directive", sd_key=DRAFT, title="needs the other", needs=[FREE_DIRECTIVE])


async def _claim_all(
    maker: _Maker, supervisor_ids: tuple[UUID, ...], seconds: float
) -> dict[UUID, Token]:
    """Lease everything anew; gives the tokens by id: session, claim, execution, supervisors."""
    session = await maker.row("start_session", session_id=SESSION, lease_seconds=seconds)
    claim = await maker.row(
        "claim_directive",
        session_id=SESSION,
        epoch=session["epoch"],
        token=session["token"],
        sd_key=DIRECTIVE,
        lease_seconds=seconds,
    )
    execution = await maker.row(
        "claim_executions", holder="worker", kinds=["command"], lease_seconds=seconds
    )
    tokens = {
        session["id"]: Token(session["epoch"], session["token"]),
        claim["directive_id"]: Token(claim["epoch"], claim["token"]),
        execution["id"]: Token(execution["epoch"], execution["token"]),
    }
    watch = await maker.row("claim_drift_checks", holder="worker", lease_seconds=seconds)
    tokens[watch["id"]] = Token(watch["epoch"], watch["token"])
    rows = await maker.call(
        "claim_supervisors", holder="worker", ids=list(supervisor_ids), limit=len(supervisor_ids),
        lease_seconds=seconds,
    )  # fmt: skip
    claimed = {row["id"]: Token(row["epoch"], row["token"]) for row in rows}
    return tokens | {supervisor_id: claimed[supervisor_id] for supervisor_id in supervisor_ids}


async def _work(maker: _Maker, session: Held, execution: Held) -> None:
    fence = {"epochs": [execution.token.epoch], "tokens": [execution.token.token]}
    rows: dict[str, Any] = {"execution_ids": [execution.id], **fence}
    await maker.call("record_steps", **rows, positions=[1], names=["one"], statuses=["running"])
    await maker.call("record_steps", **rows, positions=[5], names=["last"], statuses=["completed"])
    await maker.call("append_logs", **rows, levels=["info"], messages=["hello"])
    await maker.call("record_metrics", execution_id=execution.id, **execution.token._asdict())
    await maker.call("upsert_auto_proceed_session", session_id=SESSION, total_children=5)
    by = {"session_id": SESSION, **session.token._asdict()}
    await maker.call("report_hooks", **by, hooks=[{"hook": "SessionStart", "runs": 1, "refusals": 0, "failures": 0, "seconds": 0.1, "longest": 0.1}])  # fmt: skip
    await maker.call("report_divergences", session_id=SESSION, found=[{"kind": "SD", "here": "file=none", "truth": "db_claim=SD-0"}])  # fmt: skip
    await maker.call("call_tool", **by, tool="check_answers", key="call")
    await _walk(maker)
    late = {
        "entry_id": UUID(int=1),
        "function": "save_session",
        "arguments": {},
        "written_at": START,
    }
    await maker.call("replay_entry", **by, **late)


async def _walk(maker: _Maker) -> None:
    """Another session walks a directive to its end, with evidence."""
    walker = await maker.row("start_session", session_id=WALKER)
    who = {"session_id": WALKER, "epoch": walker["epoch"], "token": walker["token"]}
    await maker.call("start_auto_proceed", **who, orchestrator_key=WALKED)
    await maker.call("advance", **who)
    done = {"sd_key": WALKED, "outcome": "completed", "evidence": evidence("true")}
    await maker.call("advance", **who, **done)
    await maker.call("end_session", **who)


async def _ask(maker: _Maker, supervisor: Held) -> dict[str, UUID]:
    fence = supervisor.token._asdict()
    who = {"supervisor_id": supervisor.id, **fence}
    await maker.call("begin_step", **who, name="step")
    await maker.call("save_supervisor", **who, state="working")
    await maker.call("save_checkpoint", **who, parent=None, blobs=[b"hello"])
    ids = {}
    for status in ("open", "answered", "delivered"):
        ids[status] = (await maker.row("ask_question", message=status, key=status, **who))["id"]
    for status in ("answered", "delivered"):
        await maker.call(
            "answer_question", question_id=ids[status], answer="yes", answered_by="Ann"
        )
    await maker.call("deliver_answer", question_id=ids["delivered"], **fence)
    await maker.call("claim_notifications", channels=["mail-0"], holder="notifier")
    return ids


async def _follow(connection: Connection, venture_id: UUID) -> None:
    """Somebody follows the feed, at a gateway of the venture's own."""
    one = {
        "venture_id": str(venture_id),
        "id": str(venture_id),
        "transport": "websocket",
        "scope": {},
        "created_at": START.isoformat(),
    }
    await call(connection, "report_subscriptions", gateway_id=venture_id, subscriptions=[one])


async def _fail(maker: _Maker) -> UUID:
    execution_id: UUID = await maker.value("create_execution", name="failed", kind="callable:y")
    await maker.call("start_execution", execution_id=execution_id)
    await maker.call("finish_execution", execution_id=execution_id, status="failed", error="broken")
    return execution_id


async def _advance(maker: _Maker, runner: Held, plan_id: UUID) -> None:
    """Bring each step of the plan into the state that it is named after."""
    plan = {"plan_id": plan_id, **runner.token._asdict()}
    await maker.call("advance_plan", **plan)
    await maker.call("expand_plan_step", **plan, step_key="each", items=["one"])
    await maker.call("advance_plan", **plan)
    for step in ("running", "verifying", "failed", "started", "each.1", "reported"):
        await maker.call("start_plan_step", **plan, step_key=step)
    gate = {"message": "go on?", "options": ["yes"]}
    gated = await maker.row("start_plan_step", **plan, step_key="gated", gate=gate)
    await maker.call("answer_question", question_id=gated["question_id"], answer="yes")
    await maker.call("fail_plan_step", **plan, step_key="failed", reason="broken")
    await maker.call("complete_plan_step", **plan, step_key="each.1")
    reported = await maker.row("complete_plan_step", **plan, step_key="reported")
    await maker.call("answer_question", question_id=reported["report_id"], answer="go on")
    await verify_step(maker.connection, plan, maker.venture, "verifying", exit_code=0)


async def verify_step(
    connection: Connection,
    plan: dict[str, Any],
    venture: dict[str, Any],
    step_key: str,
    *,
    exit_code: int,
) -> None:
    """Let the verification of a running step run to its end, as a worker does; nothing is recorded yet."""
    step = await call_row(
        connection, "verify_plan_step", **plan, **venture,
        step_key=step_key, result={}, kind="callable:verify", input={},
    )  # fmt: skip
    run = {"execution_id": step["verification_id"], **venture}
    await call(connection, "start_execution", **run)
    result = {
        "command": ["true"],
        "exit_code": exit_code,
        "output_sha256": "00" * 32,
        "output_tail": "",
        "duration_ms": 1,
    }
    await call(connection, "finish_execution", **run, status="completed", result=result)
