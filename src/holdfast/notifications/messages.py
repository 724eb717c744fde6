"""What people are told of a question: who asks what, until when, and where to answer it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from holdfast.config import DEFAULT_VENTURE
from holdfast.engine.calls import Row

_MOST = 20
_TITLE_LENGTH = 120
_BRIEF_LENGTH = 300
_BEGINNINGS = {
    "asked": "",
    "unanswered": "Nobody has answered: ",
    "escalated": "It is for others now: ",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent."""

    title: str
    body: str


def message_of(rows: Sequence[Row], public_url: str | None) -> Message:
    """One message for all that is to be told by one channel."""
    if len(rows) == 1:
        return _of_one(rows[0], public_url)
    listed = [_brief(row, public_url) for row in rows[:_MOST]]
    if len(rows) > _MOST:
        listed.append(f"… and {len(rows) - _MOST} more")
    return Message(title=f"{len(rows)} questions wait for an answer", body="\n\n".join(listed))


def _of_one(row: Row, public_url: str | None) -> Message:
    title = _BEGINNINGS[row["occasion"]] + " ".join(row["message"].split())
    lines = [row["message"], "", _by_whom(row)]
    if row["options"]:
        lines.append(f"Answers: {' | '.join(_text(option) for option in row['options'])}")
    if row["blocks"]:
        lines.append(f"Waits for it: {', '.join(one['name'] for one in row['blocks'])}")
    if row["expires_at"]:
        lines.append(f"Open until {_time(row['expires_at'])}")
    return Message(
        title=title[:_TITLE_LENGTH], body="\n".join([*lines, "", *_ways(row, public_url)])
    )


def _brief(row: Row, public_url: str | None) -> str:
    said = _BEGINNINGS[row["occasion"]] + " ".join(row["message"].split())
    return "\n".join([said[:_BRIEF_LENGTH], _by_whom(row), *_ways(row, public_url)])


def _by_whom(row: Row) -> str:
    gate = f", gate {row['step_key']} of {row['plan_name']}" if row["plan_name"] else ""
    return f"Asked by {row['asker'] or 'an agent'}{gate}, for {_audience(row['audience'])}."


def _audience(audience: dict[str, Any] | None) -> str:
    """Whom a question is for, in words.

    >>> _audience(None), _audience({"person": "ann", "role": "owner"})
    ('operators', 'ann or owners')
    """
    named = audience or {"role": "operator"}
    return " or ".join([*([named["person"]] if "person" in named else []),
                        *([f"{named['role']}s"] if "role" in named else [])])  # fmt: skip


def _ways(row: Row, public_url: str | None) -> list[str]:
    command = f"holdfast answer {str(row['question_id'])[-8:]}"
    if public_url is None:
        return [f"Answer with: {command}"]
    link = f"{public_url.rstrip('/')}/needs-you/{row['question_id']}"
    return [
        link + (f"?venture={quote(row['venture'])}" if row["venture"] != DEFAULT_VENTURE else "")
    ]


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M %Z")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
