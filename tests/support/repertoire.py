"""Every public function with arguments under which it succeeds in a `World`.

A new public function has to be added here: tests compare these names with the catalogue.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from tests.support.conversations import DROPPING, KEEPING
from tests.support.sql import START, Row, Token
from tests.support.world import (
    CATALOGUE,
    DIRECTIVE,
    FREE_DIRECTIVE,
    IDLER,
    SESSION,
    WALKER,
    Held,
    World,
)

Arguments: TypeAlias = Callable[[World], dict[str, Any]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """How one function is called."""

    arguments: Arguments
    lease: str | None = None
    """The field of the world whose token the call carries."""
    many: bool = False
    """Whether it takes arrays, and returns refusals instead of raising them."""
    role: str = "agent"
    """The lowest role in the venture that may call it."""
    event: bool = True
    """Whether it changes something that subscribers are told."""
    late: bool = False
    """Whether it may come after its lease ran out, as long as nobody has taken that."""

    def fenced(self, world: World, token: Token | None = None) -> dict[str, Any]:
        """The arguments with the right token, or with another one."""
        arguments = {"venture_id": world.venture_id, **self.arguments(world)}
        if self.lease is None:
            return arguments
        epoch, value = token or held(world, self.lease).token
        if self.many:
            return arguments | {"epochs": [epoch], "tokens": [value]}
        return arguments | {"epoch": epoch, "token": value}


def refused(rows: Sequence[Row]) -> list[Row]:
    """Of what a call with arrays answers, the refusals; some answer with nothing else, and without a code."""
    return [row for row in rows if row.get("code", "lost") is not None]


def held(world: World, lease: str) -> Held:
    found = getattr(world, lease)
    assert isinstance(found, Held)
    return found


def _session(**given: Any) -> Call:
    return Call(arguments=lambda _: {"session_id": SESSION, **given}, lease="session")


def _directive(**given: Any) -> Call:
    return Call(arguments=lambda _: {"sd_key": DIRECTIVE, **given}, lease="claim")


def _supervisor(**given: Any) -> Call:
    return Call(arguments=lambda w: {"supervisor_id": w.supervisor.id, **given}, lease="supervisor")


def _supervisor_with(more: Arguments) -> Call:
    return Call(
        arguments=lambda w: {"supervisor_id": w.supervisor.id, **more(w)}, lease="supervisor"
    )


def _question(which: str, **given: Any) -> Call:
    return Call(
        arguments=lambda w: {"question_id": getattr(w, f"{which}_question"), **given},
        lease="supervisor",
    )


def _execution(**given: Any) -> Call:
    return Call(arguments=lambda w: {"execution_id": w.execution.id, **given}, lease="execution")


def _executions(**given: Any) -> Call:
    return Call(
        arguments=lambda w: {"execution_ids": [w.execution.id], **given},
        lease="execution",
        many=True,
    )


def _plan(**given: Any) -> Call:
    return Call(arguments=lambda w: {"plan_id": w.plan_id, **given}, lease="runner")


def _steered(which: str, /, **given: Any) -> Call:
    return Call(arguments=lambda w: {"plan_id": w.steered_plans[which], **given}, lease=which)


def _plain(*, role: str = "agent", event: bool = True, **given: Any) -> Call:
    return Call(arguments=lambda _: given, role=role, event=event)


def _operator(arguments: Arguments) -> Call:
    return Call(arguments=arguments, role="operator")


def _read(arguments: Arguments) -> Call:
    return Call(arguments=arguments, role="viewer", event=False)


def _beat(kind: str, lease: str) -> Call:
    return Call(
        arguments=lambda w: {"kinds": [kind], "ids": [held(w, lease).id], "lease_seconds": 7200},
        lease=lease,
        many=True,
        event=False,
    )


CALLS: dict[str, Call] = {
    # directives
    "add_directive": _plain(sd_key="SD-NEW", title="new"),
    "claim_directive": Call(
        # the one that it holds already: a session holds one directive at a time
        arguments=lambda _: {"session_id": SESSION, "sd_key": DIRECTIVE},
        lease="session",
    ),
    "move_directive": _directive(status="completed"),
    "move_directive_phase": _directive(phase="EXEC"),
    "release_directive": _directive(),
    "flag_directive": _plain(sd_key=DIRECTIVE, flag="security", says="touches keys"),
    # sessions and walks
    "start_session": _plain(session_id="session-new"),
    "save_session": _session(state="idle", metadata={"branch": "main"}),
    "renew_session": Call(
        arguments=lambda _: {"session_id": SESSION, "lease_seconds": 7200},
        lease="session",
        event=False,
    ),
    "record_todos": _session(items=[{"key": "1", "content": "one", "status": "in_progress"}]),
    "declare_silence": _session(minutes=45, reason="a long build"),
    "switch_directive": _session(sd_key=FREE_DIRECTIVE, lease_seconds=7200),
    "import_directives": _plain(directives=[{"key": "SD-new", "title": "t"}]),
    "report_hooks": dataclasses.replace(
        _session(
            hooks=[
                {
                    "hook": "PreToolUse",
                    "runs": 3,
                    "refusals": 1,
                    "failures": 0,
                    "seconds": 0.2,
                    "longest": 0.1,
                }
            ]
        ),
        event=False,
    ),
    "report_divergences": _plain(
        session_id=SESSION,
        found=[{"kind": "SD", "here": "file=none", "truth": "db_claim=SD-1", "repaired": True}],
    ),
    "end_session": _session(reason="done"),
    "interrupt_session": _session(reason="away"),
    "upsert_auto_proceed_session": _plain(session_id=SESSION, total_children=6),
    "update_auto_proceed_progress": _plain(session_id=SESSION, completed_children=2),
    "deactivate_auto_proceed_session": _plain(session_id=SESSION),
    "get_active_auto_proceed_session": _read(lambda _: {"session_id": SESSION}),
    "start_auto_proceed": _session(orchestrator_key=FREE_DIRECTIVE),
    "stop_auto_proceed": _session(),
    "get_auto_proceed_summary": _read(lambda _: {"session_id": WALKER}),
    "advance": _session(sd_key=DIRECTIVE, outcome="completed"),
    # journals
    "replay_entry": Call(
        arguments=lambda _: {
            "entry_id": UUID(int=7),
            "written_at": START,
            "session_id": SESSION,
            "function": "save_session",
            "arguments": {"metadata": {"branch": "main"}},
        },
        lease="session",
        late=True,
    ),
    # supervisors
    "create_supervisor": _plain(name="new"),
    "claim_supervisors": _plain(holder="worker", handlers=["free"]),
    "save_supervisor": _supervisor(state="paused", activity="resting", progress=50),
    "save_supervisors": Call(
        arguments=lambda w: {
            "supervisor_ids": [w.supervisor.id],
            "states": ["paused"],
            "activities": ["resting"],
            "progress": [50],
        },
        lease="supervisor",
        many=True,
    ),
    "begin_step": _supervisor(name="another"),
    "begin_steps": Call(
        arguments=lambda w: {"supervisor_ids": [w.supervisor.id], "names": ["another"]},
        lease="supervisor",
        many=True,
    ),
    "finish_step": _supervisor(name="step", result={"a": 1}),
    "finish_steps": Call(
        arguments=lambda w: {
            "supervisor_ids": [w.supervisor.id],
            "names": ["step"],
            "results": [{"a": 1}],
            "errors": [None],
        },
        lease="supervisor",
        many=True,
    ),
    "spawn_execution": _supervisor(key="k", name="spawned", kind="command"),
    "attach_supervisor": _supervisor_with(
        lambda w: {"session_id": w.session.id, "directive_id": w.claim.id}
    ),
    "finish_supervisor": _supervisor(state="completed", result={}),
    "release_supervisor": _supervisor(reason="shutdown"),
    "update_supervisor_detailed_state": _supervisor(state="paused"),
    "add_supervisor_spawned_task": _supervisor_with(lambda w: {"task_id": w.pending_execution}),
    "add_supervisor_pending_question": _supervisor(question="why?"),
    "remove_supervisor_pending_question": _supervisor_with(
        lambda w: {"question_id": w.open_question}
    ),
    "save_supervisor_state_full": _supervisor(state="paused", phase="two", metadata={"a": 1}),
    "update_supervisor_phase": _supervisor(phase="two"),
    "update_supervisor_heartbeat_state": _supervisor(lease_seconds=7200, current_activity="alive"),
    "mark_supervisor_restored": _supervisor(source="manual"),
    "get_supervisors_with_pending_questions": _read(lambda _: {}),
    "get_supervisor_state_for_restoration": _read(lambda w: {"supervisor_id": w.supervisor.id}),
    "validate_spawned_tasks": _read(
        lambda w: {"supervisor_id": w.supervisor.id, "task_ids": [w.pending_execution]}
    ),
    # checkpoints
    "save_checkpoint": _supervisor(parent=1, state={"turn": 2}, blobs=[b"more"]),
    "load_checkpoint": _read(lambda w: {"supervisor_id": w.supervisor.id}),
    "request_checkpoint": _operator(lambda w: {"supervisor_id": w.supervisor.id, "label": "now"}),
    "preview_restoration": _read(lambda w: {"supervisor_id": w.supervisor.id, "from": 1}),
    # what frameworks keep
    **{name: _plain(event=False, **given) for name, given in (KEEPING | DROPPING).items()},
    "items_of_run": _read(lambda _: {"conversation_id": UUID(int=7), "run": 1, "length": 1}),
    # questions
    "ask_question": _supervisor(message="what?", key="new"),
    "answer_question": Call(
        arguments=lambda w: {"question_id": w.open_question, "answer": "yes"}, role="operator"
    ),
    "deliver_answer": _question("answered"),
    "acknowledge_answer": _question("delivered"),
    "withdraw_question": _question("open", reason="settled"),
    "approval_of": _read(lambda w: {"question_id": w.answered_question, "action_digest": None}),
    "is_for": _read(lambda _: {"audience": {"role": "owner"}}),
    "claim_notifications": _plain(event=False, channels=["json-1"], holder="me"),
    "finish_notifications": _plain(event=False, leases=[UUID(int=7)], errors=[None]),
    # executions
    "create_execution": _plain(name="new"),
    "begin_execution": _plain(name="new", holder="me"),
    "start_execution": Call(arguments=lambda w: {"execution_id": w.pending_execution}),
    "claim_executions": _plain(holder="worker", kinds=["callable:x"]),
    "save_executions": _executions(activities=["on it"], completed=[None], totals=[6]),
    "record_steps": _executions(positions=[1], names=["one"], statuses=["completed"]),
    "append_logs": _executions(levels=["warning"], messages=["careful"]),
    "record_metrics": _execution(input_tokens=5),
    "hear_usage": Call(
        arguments=lambda w: {
            "witness": "logs",
            "session_id": SESSION,
            "times": [1],
            "numbers": [0],
            "input_tokens": [5],
            "output_tokens": [1],
            "cost_usd": [0.5],
            "model_calls": [1],
            "tool_calls": [0],
            "execution_id": w.execution.id,
            "epoch": w.execution.token.epoch,
        }
    ),
    "record_execution_todos": _execution(items=[{"key": "a", "status": "in_progress"}]),
    "annotate_execution": _execution(metadata={"note": 1}),
    "finish_execution": _execution(status="completed", result={"ok": True}),
    "release_execution": _execution(reason="shutdown"),
    "cancel_execution": Call(
        arguments=lambda w: {"execution_id": w.execution.id}, role="operator"
    ),
    # operators
    "retry_execution": _operator(lambda w: {"execution_id": w.failed_execution}),
    "override_directive": _operator(lambda _: {"sd_key": DIRECTIVE, "status": "blocked", "reason": "why"}),
    "override_directive_phase": _operator(lambda _: {"sd_key": DIRECTIVE, "phase": "EXEC"}),
    "release_claim": _operator(lambda _: {"session_id": SESSION, "reason": "why"}),
    "assign_directive": _operator(lambda _: {"sd_key": FREE_DIRECTIVE, "session_id": IDLER, "reason": "why"}),
    "close_session": _operator(lambda _: {"session_id": SESSION}),
    "dismiss_question": _operator(lambda w: {"question_id": w.open_question}),
    "pause_supervisor": _operator(lambda w: {"supervisor_id": w.supervisor.id}),
    "resume_supervisor": _operator(lambda w: {"supervisor_id": w.paused_supervisor}),
    "stop_supervisor": _operator(lambda w: {"supervisor_id": w.runner.id}),
    "restore_supervisor": _operator(lambda w: {"supervisor_id": w.supervisor.id, "from": 1}),
    "rewind_supervisor": _operator(lambda w: {"supervisor_id": w.supervisor.id, "to": 1}),
    "fork_supervisor": _operator(lambda w: {"supervisor_id": w.supervisor.id, "from": 1}),
    "do_request": _plain(action="add_directive", arguments={"name": "SD-NEW", "title": "new"}, key="new"),
    # plans
    "create_plan": _plain(name="new", steps=[{"id": "only"}]),
    "advance_plan": dataclasses.replace(_plan(), event=False),  # nothing is due
    "plan_conditions": _read(lambda w: {"plan_id": w.plan_id}),
    "check_condition": _steered("checked", condition_id="due", kind="command", input={}),
    "record_condition": _steered("checked", condition_id="ran"),
    "tick_condition": _operator(lambda w: {"plan_id": w.steered_plans["checked"], "condition_id": "ticked"}),
    "start_plan_step": _plan(step_key="ready"),
    "open_gate": _plan(step_key="gated"),
    "verify_plan_step": _plan(step_key="running", result={}, kind="command", input={}),
    "complete_plan_step": _plan(step_key="started"),
    "record_evidence": _plan(step_key="verifying"),
    "fail_plan_step": _plan(step_key="running", reason="broken", retry=True),
    "send_plan_back": _plan(from_step="failed", to_step="failed", findings={"why": "broken"}),
    "finish_plan": _plan(error="enough"),
    "skip_plan_step": _plan(step_key="ready", reason="not today"),
    "expand_plan_step": _plan(step_key="ready", items=["a", "b"]),
    "settle_items": _plan(step_key="each"),
    "release_plan_step": _plan(step_key="reported"),
    "undo_plan_step": _steered("undecided", step_key="last", kind="command", input={}),
    "settle_undo": _steered("undone", step_key="undone"),
    "decide_undo": _steered("undecided", step_key="undone"),
    "finish_rollback": _steered("rolled_back"),
    "pause_plan": _operator(lambda w: {"plan_id": w.plan_id}),
    "resume_plan": _operator(lambda w: {"plan_id": w.steered_plans["checked"]}),
    "stop_plan": _operator(lambda w: {"plan_id": w.plan_id}),
    "roll_plan_back": _operator(lambda w: {"plan_id": w.plan_id, "to_step": "running", "reason": "why"}),
    # leases and duties
    "renew_leases": _beat("supervisor", "supervisor"),
    "reap": _plain(event=False),
    # kept catalogues
    "keep_catalogue": _operator(lambda _: {"name": "new", "target": "env:NEW", "catalogue": CATALOGUE}),
    "forget_catalogue": _operator(lambda _: {"name": "kept"}),
    "claim_drift_checks": _plain(event=False, holder="worker"),
    "record_drift": Call(
        arguments=lambda w: {"watch_id": w.watch.id, "drift": [{"what": "added", "object": "table x"}]},
        lease="watch",
    ),
    "release_drift_check": Call(
        arguments=lambda w: {"watch_id": w.watch.id}, lease="watch", event=False
    ),
    # tools
    "call_tool": _session(tool="log", arguments={"message": "found it"}, key="call-1"),
    "find_tool_call": dataclasses.replace(
        _session(tool="log", key="call-2"), event=False
    ),
    "get_session_context": dataclasses.replace(_session(), event=False),
    # the venture and its members
    "save_venture_settings": Call(
        arguments=lambda _: {"settings": {"auto_proceed": True}}, role="owner"
    ),
    # its own `p_role` is not the role that may call it
    "set_member": Call(arguments=lambda _: {"user_id": "Ann", "role": "agent"}, role="owner"),
    "remove_member": Call(
        arguments=lambda w: {"user_id": w.member}, role="owner"
    ),
    "create_api_token": Call(
        arguments=lambda _: {"name": "new", "role": "agent", "digest": bytes(32)}, role="owner"
    ),
    "revoke_api_token": Call(arguments=lambda w: {"id": w.api_token}, role="owner"),
}  # fmt: skip

BEATS = {
    kind: _beat(kind, lease)
    for kind, lease in {
        "session": "session",
        "directive": "claim",
        "supervisor": "supervisor",
        "execution": "execution",
    }.items()
}

# These name no venture, and each has its own rule.
WITHOUT_VENTURE: dict[str, dict[str, Any]] = {
    "api_signing_key": {"new": bytes(32)},
    "check_api_token": {"id": UUID(int=1), "digest": bytes(32)},
    "create_ticket": {"digest": bytes(32), "purpose": "connect", "claims": {}, "seconds": 30},
    "drop_old_partitions": {"retention_days": 90},
    "ensure_partitions": {},
    "feed_epoch": {},
    "feed_floor": {},
    "forget_checkpoints": {"retention_days": 90},
    "forget_conversations": {"retention_days": 90},
    "forget_requests": {},
    "forget_tool_calls": {"retention_days": 90},
    "open_venture": {"slug": "new"},
    "report_subscriptions": {"gateway_id": UUID(int=1), "subscriptions": []},
    "use_ticket": {"digest": bytes(32), "purpose": "connect"},
    "ventures_with": {"role": "viewer"},
    "ventures_with_work": {},
    "visible_ventures": {},
}
