"""The progress document: a plan as Markdown, made from its rows alone, so it cannot contradict them.

Nothing in it depends on when it is made: of what is under way it says since when, not for how long.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from holdfast.plans.account import Account
from holdfast.progress.words import span

# What an agent's result says of its work, and what that is called here.
SAID = {
    "files": "Files",
    "key_points": "Key points",
    "findings": "Findings",
    "deployment": "Deployment",
}
_DONE = ("completed", "skipped")
_UNDER_WAY = ("running", "waiting", "verifying")
_BOX = {"completed": "x", "in_progress": "~", "skipped": "-"}
_MOST_LISTED = 50
_MOST_CHARACTERS = 400


def document(account: Account) -> str:
    """The whole document."""
    plan = account.plan
    current = _current(account.steps)
    parts = [
        [f"# {_line(plan['name'])}", "", *_origin(plan)],
        _standing(plan, current),
        _section("Blockers", _blockers(account, current)),
        _section("Waits for somebody", _waits(account)),
        _section("Steps", _table(current)),
        *(_step(step, account) for step in current if step["started_at"]),
        _section("Restorations", _restorations(account.restorations)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _origin(plan: Any) -> list[str]:
    short = str(plan["id"])[-8:]
    return [
        f"<!-- Holdfast makes this file from its database after every change of the plan {plan['id']}. "
        "What is written here by hand is lost. -->",
        f"*Made by Holdfast from its database; do not edit it. Again: `holdfast plan progress {short}`*",
    ]


def _standing(plan: Any, current: Sequence[Any]) -> list[str]:
    done = sum(step["status"] in _DONE for step in current)
    told = [f"**{plan['status']}**", f"{done} of {len(current)} steps done"]
    if plan["started_at"]:
        told.append(f"started {_moment(plan['started_at'])}")
    if plan["ended_at"]:
        told.append(f"ended {_moment(plan['ended_at'])}, after {_span(plan)}")
    told.append(f"works on {plan['sd_key']}")
    return [" · ".join(told)]


def _blockers(account: Account, current: Sequence[Any]) -> Iterator[str]:
    plan = account.plan
    if plan["error_message"]:
        yield f"- {_line(plan['error_message'])}"
    if plan["paused_at"]:
        why = f": {_line(plan['pause_reason'])}" if plan["pause_reason"] else ""
        yield f"- Paused by {_line(plan['paused_by'] or 'somebody')} since {_moment(plan['paused_at'])}{why}"
    for step in current:
        if step["status"] == "failed":
            yield f"- {_line(step['title'])} failed: {_line(step['error_message'] or 'it gave no reason')}"


def _waits(account: Account) -> Iterator[str]:
    for question in account.questions:
        if question["status"] == "open":
            options = ", ".join(map(str, question["options"] or ()))
            yield f"- {_line(question['message'])} ({options}): `holdfast answer {str(question['id'])[-8:]} …`"


def _table(current: Sequence[Any]) -> Iterator[str]:
    yield "| | step | role | state | time | evidence |"
    yield "|---|---|---|---|---|---|"
    for step in current:
        box = _BOX.get(step["status"], "~" if step["status"] in _UNDER_WAY else " ")
        told = (
            step["title"],
            step["role"] or "",
            step["status"],
            _time(step),
            _short_evidence(step),
        )
        cells = " | ".join(_cell(one) for one in told)
        yield f"| [{box}] | {cells} |"


def _step(step: Any, account: Account) -> list[str]:
    told = [f"### {_line(step['title'])}", "", f"{step['status']}, {_time(step)}{_tries(step)}"]
    told += _facts(step, account)
    earlier = [one for one in account.steps if _is_earlier(one, step)]
    for one in sorted(earlier, key=lambda row: row["round"]):
        why = _line(one["error_message"] or one["status"])
        told.append(f"- Round {one['round']}: {why}")
    return told


def _facts(step: Any, account: Account) -> Iterator[str]:
    result = step["result"]
    said = result if isinstance(result, Mapping) else {}
    for name, title in SAID.items():
        if said.get(name):
            yield from _listed(title, said[name])
    if isinstance(result, str) and result.strip():
        yield from _listed("Key points", result.strip().splitlines()[:3])
    if step["findings"]:
        yield from _listed("Sent back because of", step["findings"])
    if step["status"] == "failed":
        yield f"- Blocked: {_line(step['error_message'] or 'it gave no reason')}"
    if step["exit_code"] is not None:
        yield f"- Evidence: {_evidence(step)}"
    todos = account.todos.get((step["step_key"], step["round"])) or step["spec"].get("todos")
    if todos:
        yield "- Todo:"
    for todo in todos or ():
        box = _BOX.get(todo.get("status"), " ")
        yield f"  - [{box}] {_line(todo.get('content') or todo.get('key') or '')}"


def _listed(title: str, value: Any) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"- {title}: {_line(_told(value))}"
        return
    yield f"- {title}:"
    for one in value[:_MOST_LISTED]:
        yield f"  - {_line(_told(one))}"
    if len(value) > _MOST_LISTED:
        yield f"  - and {len(value) - _MOST_LISTED} more"


def _told(value: Any) -> str:
    match value:
        case str():
            return value
        case Mapping():
            return "; ".join(f"{key}: {_told(one)}" for key, one in value.items())
    return json.dumps(value, ensure_ascii=False)


def _evidence(step: Any) -> str:
    command = " ".join(step["evidence_command"])
    digest = step["output_digest"].hex()[:12]
    return (
        f"{_code(command)} ended with exit code {step['exit_code']} after {span(step['duration_ms'] / 1000)} "
        f"on {_moment(step['evidence_at'])}; sha256 of its output {digest}…"
    )


def _short_evidence(step: Any) -> str:
    return "" if step["exit_code"] is None else f"exit {step['exit_code']}"


def _restorations(rows: Sequence[Any]) -> Iterator[str]:
    for row in rows:
        yield f"- {_moment(row['restored_at'])}, {row['source'].replace('_', ' ')}"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    told = list(lines)
    return [f"## {title}", "", *told] if told else []


def _current(steps: Sequence[Any]) -> list[Any]:
    """The newest round of each step, in the plan's order, the items of a `foreach` behind it."""
    newest: dict[str, Any] = {}
    for step in sorted(steps, key=lambda row: row["round"]):
        newest[step["step_key"]] = step
    return sorted(newest.values(), key=_order)


def _order(step: Any) -> tuple[int, int]:
    item: Any = step["spec"].get("index") if "of" in step["spec"] else -1
    return step["position"], item


def _is_earlier(one: Any, step: Any) -> bool:
    return bool(one["step_key"] == step["step_key"] and one["round"] < step["round"])


def _tries(step: Any) -> str:
    told = [f"{name} {step[name]}" for name in ("round", "attempt") if step[name] > 1]
    return f", {', '.join(told)}" if told else ""


def _time(step: Any) -> str:
    if not step["started_at"]:
        return ""
    return _span(step) if step["ended_at"] else f"since {_moment(step['started_at'])}"


def _span(row: Any) -> str:
    if row["started_at"] is None:
        return "0 s"
    return span((row["ended_at"] - row["started_at"]).total_seconds())


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _line(text: str) -> str:
    """A text on one line, which begins no Markdown of its own."""
    told = " ".join(str(text).split())[:_MOST_CHARACTERS].replace("<", "&lt;")
    return f"\\{told}" if told[:1] in "#->+*" and told else told


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{' '.join(text.split()).replace('`', chr(39))[:_MOST_CHARACTERS]}`"
