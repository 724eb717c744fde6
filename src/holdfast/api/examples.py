"""Bodies as a client sends them, by the name of their shape."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "NewToken": [{"name": "ci", "role": "agent", "expires_at": "2031-01-01T00:00:00Z"}],
    "Answer": [{"answer": "yes"}],
    "Reason": [{"reason": "No longer needed."}],
    "NeededReason": [{"reason": "The laptop that held it is lost."}],
    "NewExecution": [
        {
            "name": "Run the tests",
            "kind": "command",
            "input": {"command": ["make", "test"]},
            "total_steps": 1,
        }
    ],
    "NewPlan": [
        {
            "name": "release",
            "steps": [
                {"id": "build", "title": "Build it", "command": ["make", "build"]},
                {"id": "check", "needs": ["build"], "command": ["make", "check"]},
            ],
        }
    ],
    "NewDirective": [
        {"sd_key": "SD-12", "title": "Sign-in by passkey", "parent": "SD-10", "status": "active"}
    ],
    "Move": [{"phase": "EXEC"}, {"phase": "PLAN", "reason": "The schema has to change first."}],
    "Rollback": [{"to_step": "migrate", "reason": "It has to be done in two parts."}],
    "Restore": [{"checkpoint": 3, "reason": "It went wrong after that."}],
    "Rewind": [{"checkpoint": 3, "reason": "It went wrong after that."}],
    "Fork": [{"checkpoint": 3, "name": "the other way"}],
    "Label": [{"label": "before the release"}],
    "TakeOver": [{"session_id": "laptop-7", "reason": "It goes on over there."}],
}
