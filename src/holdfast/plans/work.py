"""What a step's rows mean for the agent that does its work, and what the agent's outcome means for the step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holdfast.engine.connections import encode_json
from holdfast.model.kinds import COMMAND, PROGRAMS, kind_of
from holdfast.supervisors.outcomes import Outcome

MOST_SHOWN_CHARACTERS = 200_000


def work_of(plan: Any, step: Any) -> tuple[str | None, dict[str, Any]]:
    """The agent kind and its input; no kind where the step has no work of its own."""
    spec = step["spec"]
    if spec["agent"] in PROGRAMS:
        return spec["agent"], _program_input(plan, step)
    if spec["agent"] != COMMAND:
        given = dict(spec.get("input", {}))
        if step["findings"] is not None:
            given["findings"] = step["findings"]
        return kind_of(spec["agent"]), given
    if not spec.get("command"):
        return None, {}
    return COMMAND, _command_input(plan, step, spec["command"], spec.get("timeout_seconds"))


def verification_of(plan: Any, step: Any) -> dict[str, Any]:
    """The input of the command that verifies a step."""
    verify = step["spec"]["verify"]
    return _command_input(plan, step, verify["command"], verify.get("timeout_seconds"))


def gate_of(plan: Any, step: Any) -> dict[str, Any] | None:
    """What to ask at a step's gate, with the file it shows."""
    gate = step["spec"].get("gate")
    if gate is None:
        return None
    context: dict[str, Any] = {"step": step["step_key"], "title": step["title"]}
    if gate.get("show"):
        context |= {
            "file": gate["show"],
            "text": _shown(Path(plan["spec"]["work_dir"]) / gate["show"]),
        }
    hours = gate.get("expires_in_hours")
    return {
        "message": gate["message"],
        "options": gate["options"],
        "expires_in_seconds": None if hours is None else hours * 3600,
        "context": context,
    }


def result_of(outcome: Outcome | None) -> Any:
    """What the agent gave: for a command its `::result`, for a callable what it returned."""
    if outcome is None:
        return None
    value = outcome.value
    return value["result"] if isinstance(value, dict) and "exit_code" in value else value


def told_by(value: Any) -> Any:
    """What a failed execution gave all the same: for a command its `::result`."""
    return value.get("result") if isinstance(value, dict) else None


def findings_of(result: Any, reason: str) -> Any:
    """Why a step is sent back: its own findings, else all it gave, else the reason."""
    if isinstance(result, dict) and "findings" in result:
        return result["findings"]
    return [result] if result is not None else [{"message": reason}]


def _command_input(
    plan: Any, step: Any, command: list[str], timeout_seconds: float | None
) -> dict[str, Any]:
    env = {**plan["spec"]["env"], "HOLDFAST_WORK_DIR": plan["spec"]["work_dir"]}
    if step["findings"] is not None:
        env["HOLDFAST_FINDINGS"] = encode_json(step["findings"])
    return {
        "command": command,
        "cwd": plan["spec"]["cwd"],
        "env": env,
        "timeout_seconds": timeout_seconds,
    }


def _program_input(plan: Any, step: Any) -> dict[str, Any]:
    spec = step["spec"]
    given = {
        **{key: spec.get(key) for key in ("prompt", "role", "model", "timeout_seconds")},
        "cwd": plan["spec"]["cwd"],
        "env": {**plan["spec"]["env"], "HOLDFAST_WORK_DIR": plan["spec"]["work_dir"]},
        "findings": step["findings"],
    }
    return {key: value for key, value in given.items() if value is not None}


def _shown(file: Path) -> str:
    try:
        return file.read_text()[:MOST_SHOWN_CHARACTERS]
    except (OSError, UnicodeDecodeError) as error:
        return f"{file} cannot be read: {error}"
