"""The progress document: everything that the rows say, and nothing that depends on when it is made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from holdfast.plans.account import Account
from holdfast.plans.document import document

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NO_EVIDENCE = {"exit_code": None, "evidence_command": None, "output_digest": None, "duration_ms": None, "evidence_at": None}  # fmt: skip


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def plan(**more: Any) -> dict[str, Any]:
    return {
        "id": UUID(int=0xABCDEF12), "name": "Release", "status": "running", "sd_key": "SD-1", "started_at": START,
        "ended_at": None, "error_message": None, "paused_at": None, "paused_by": None, "pause_reason": None, **more,
    }  # fmt: skip


def step(key: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "step_key": key, "title": key.title(), "role": None, "status": status, "round": 1, "attempt": 1, "position": 1,
        "spec": {}, "result": None, "findings": None, "error_message": None, "started_at": START, "ended_at": None,
        **NO_EVIDENCE, **more,
    }  # fmt: skip


def told(*steps: Any, **more: Any) -> str:
    parts: dict[str, Any] = {
        "plan": plan(),
        "questions": [],
        "restorations": [],
        "todos": {},
        "progress": None,
    }
    return document(Account(steps=steps, **{**parts, **more}))


def test_what_is_in_the_way_and_who_is_waited_for_stands_before_the_steps() -> None:
    text = told(
        step("a", "failed", error_message="exit code 1: no\nspace", ended_at=at(2)),
        plan=plan(paused_at=at(3), paused_by="ada", pause_reason="lunch", error_message="It is stuck."),
        questions=[
            {"id": UUID(int=1), "status": "open", "message": "Go on?", "options": ["yes", "no"]},
            {"id": UUID(int=2), "status": "answered", "message": "Begin?", "options": ["yes"]},
        ],
    )  # fmt: skip
    first = text.split("## Steps")[0]
    for line in (
        "- It is stuck.",
        "- Paused by ada since 2026-11-21 09:03:00 UTC: lunch",
        "- A failed: exit code 1: no space",
        "- Go on? (yes, no): `holdfast answer 00000001 …`",
    ):
        assert line in first
    assert "Begin?" not in text


def test_a_step_that_was_sent_back_tells_its_newest_round_and_why_there_is_one() -> None:
    text = told(
        step("a", "completed", ended_at=at(1), result={"key_points": ["the first try"]}),
        step("a", "completed", round=2, ended_at=at(3), result="All done.\nReally.", findings=["an index is missing"]),
        step("b", "failed", position=2, error_message="no good", ended_at=at(2)),
        step("b", "running", position=2, round=2, attempt=2),
    )  # fmt: skip
    assert "2 steps done" in text
    assert "completed, 3.0 min, round 2" in text
    assert "- Sent back because of:\n  - an index is missing" in text
    assert "- Key points:\n  - All done.\n  - Really." in text
    assert "the first try" not in text
    assert "running, since 2026-11-21 09:00:00 UTC, round 2, attempt 2\n- Round 1: no good" in text


def test_items_stand_behind_their_step_and_todos_under_theirs() -> None:
    text = told(
        step("each.2", "running", title="each: b", spec={"of": "each", "index": 1}),
        step("each.1", "completed", title="each: a", spec={"of": "each", "index": 0}, ended_at=at(1)),
        step("each", "running", title="each"),
        step("last", "pending", position=2, started_at=None),
        todos={("each.1", 1): [{"content": "look", "status": "completed"}, {"content": "think"}]},
    )  # fmt: skip
    order = [text.index(f"| {name} |") for name in ("each", "each: a", "each: b", "Last")]
    assert order == sorted(order)
    assert "- Todo:\n  - [x] look\n  - [ ] think" in text
    assert "| [ ] | Last |  | pending |  |  |" in text
    assert "### Last" not in text


def test_what_agents_say_is_text_and_not_markdown_of_its_own() -> None:
    result = {"key_points": ["# no heading", "<script>", "two\nlines"], "files": ["a|b"]}
    text = told(step("a", "completed", title="a | b", ended_at=at(1), result=result))
    assert "  - \\# no heading\n  - &lt;script>\n  - two lines" in text
    assert "| [x] | a \\| b |" in text
