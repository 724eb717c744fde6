"""What an agent program is asked to end with, so that what it gave can be used: one block of JSON in its last message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.agents._json import mapping, objects, read_event, text

# What a block may have besides, which a plan's progress document shows.
CONVENTIONS: Mapping[str, str] = {
    "files": "the files that you made or changed",
    "key_points": "what somebody must know of your work, one sentence each",
    "findings": "what is wrong: place, what happens, and when",
    "deployment": "environment, version before and after, and its state",
}
_BLOCK = re.compile(r"```(?:json)?[ \t]*\n(.*?)\n[ \t]*```", re.DOTALL)


def asked_for(outputs: Sequence[str], points: Sequence[str]) -> str:
    """What is said after the prompt where its answer is used; nothing where it is not."""
    if not outputs and not points:
        return ""
    keys = {name: CONVENTIONS.get(name, "") for name in outputs}
    if points:
        keys |= {
            "review": 'for each point {"point": its number, "ok": true or false, "because": …}',
            "findings": CONVENTIONS["findings"],
        }
    listed = [f"- `{name}`: {told}" if told else f"- `{name}`" for name, told in keys.items()]
    parts = [
        "End your last message with one block of JSON (```json) that is an object with:",
        *listed,
    ]
    if points:
        numbered = [f"{number}. {point}" for number, point in enumerate(points, 1)]
        parts = ["Go through each of these points:", *numbered, "", *parts]
    return "\n\n" + "\n".join(parts)


def read_answer(said: str) -> Any:
    r"""The object that a text ends with, with the text before it; the text itself where there is none.

    >>> read_answer('Done.\n```json\n{"rows": 3}\n```')
    {'text': 'Done.', 'rows': 3}
    """
    blocks = list(_BLOCK.finditer(said))
    found = read_event(blocks[-1][1]) if blocks else read_event(said.strip())
    if found is None:
        return said
    before = said[: blocks[-1].start()].strip() if blocks else ""
    return {"text": before, **found} if before and "text" not in found else found


def what_fails(points: Sequence[str], answer: Any) -> tuple[str, list[Any]] | None:
    """Why a review does not let the plan go on, with its findings: a point that is not good, or was not looked at."""
    if not points:
        return None
    # A number may come as a text.
    told = {str(one.get("point")): one for one in objects(mapping(answer).get("review"))}
    if missing := [n for n in range(1, len(points) + 1) if str(n) not in told]:
        return f"The review says nothing of the points {_listed(missing)}.", []
    bad = [n for n in range(1, len(points) + 1) if told[str(n)].get("ok") is not True]
    if not bad:
        return None
    found = mapping(answer).get("findings")
    findings = (
        found if isinstance(found, list) and found else [_finding(points, told, n) for n in bad]
    )
    return f"The review found something at the points {_listed(bad)}.", findings


def _finding(points: Sequence[str], told: Mapping[Any, Any], number: int) -> dict[str, str]:
    return {"point": points[number - 1], "because": text(told[str(number)].get("because"))}


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def with_findings(answer: Any, findings: list[Any]) -> dict[str, Any]:
    """An answer that is sent back has its findings."""
    return {**(answer if isinstance(answer, dict) else {"text": answer}), "findings": findings}
