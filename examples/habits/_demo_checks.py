"""What must be at the end of the demo, whatever happened in between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def differences(story: dict[str, Any], planted: dict[str, Any], work: Path) -> list[str]:
    """Each thing that differs from what must be, as a line."""
    rounds = {(step["step_key"], step["round"]): step for step in story["steps"]}
    states = {key: step["status"] for key, step in rounds.items()}
    expected_states = {
        ("write", 1): "completed",
        ("review", 1): "failed",
        ("write", 2): "completed",
        ("review", 2): "completed",
        ("deploy", 1): "completed",
        ("verify", 1): "completed",
    }
    checks = [
        ("the plan", story["plan"]["status"], "completed"),
        ("the steps", states, expected_states),
        ("the findings of the first review", _open_findings(rounds, 1), 1),
        ("the findings of the second review", _open_findings(rounds, 2), 0),
        ("the workers killed", len(story["killed"]), 1),
        ("the restorations", [one["source"] for one in story["restorations"]], ["lease_expired"]),
        ("the answers", [one["answer"] for one in story["questions"]], ["deployed"]),
        ("the evidence's exit code", rounds.get(("verify", 1), {}).get("exit_code"), 0),
        ("the rows that break a constraint", _found(work), _planted(planted)),
    ]
    return [
        f"{what}: {found!r}, expected {expected!r}"
        for what, found, expected in checks
        if found != expected
    ]


def _open_findings(rounds: dict[tuple[str, int], dict[str, Any]], number: int) -> int | None:
    result = rounds.get(("review", number), {}).get("result")
    return result["open"] if isinstance(result, dict) else None


def _found(work: Path) -> dict[str, list[Any]]:
    verified = json.loads((work / "verified.json").read_text())
    return {one["name"]: sorted(one["ids"]) for one in verified["constraints"] if one["ids"]}


def _planted(planted: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: sorted(ids) for name, ids in planted["constraints"].items() if ids}
