"""What a step's rows mean for the agent that does its work, and what the agent's outcome means for the step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holdfast.engine.connections import encode_json
from holdfast.model.kinds import COMMAND, PROGRAMS, kind_of
from holdfast.plans.spec import PERSON

MOST_SHOWN_CHARACTERS = 200_000
_OF_A_PROGRAM = ("prompt", "model", "timeout_seconds", "outputs", "todos")


def work_of(plan: Any, spec: Any, findings: Any) -> tuple[str | None, dict[str, Any]]:
    """The agent kind and its input; no kind where the step has no work of its own."""
    agent = spec.get("agent", COMMAND)
    if "foreach" in spec:
        return None, {}
    if agent == PERSON:
        return PERSON, {"prompt": spec.get("prompt"), "inputs": spec.get("inputs", {})}
    if agent in PROGRAMS:
        return agent, _program_input(plan, spec, findings)
    if agent != COMMAND:
        given = dict(spec.get("inputs", {}))
        return kind_of(agent), given if findings is None else {**given, "findings": findings}
    if not spec.get("command"):
        return None, {}
    return COMMAND, command_input(plan, spec, spec["command"], findings)


def verification_of(plan: Any, spec: Any, findings: Any) -> dict[str, Any]:
    """The input of the command that verifies a step."""
    verify = spec["verify"]
    given = command_input(plan, spec, verify["command"], findings)
    return {**given, "timeout_seconds": verify.get("timeout_seconds")}


def gate_of(plan: Any, deed: Any, spec: Any) -> dict[str, Any] | None:
    """What to ask at a step's gate, with the file it shows."""
    gate = spec.get("gate")
    if gate is None:
        return None
    context: dict[str, Any] = {"step": deed["step_key"], "title": deed["title"]}
    if gate.get("show"):
        file = Path(plan["spec"]["work_dir"]) / gate["show"]
        context |= {"file": gate["show"], "text": _shown(file)}
    escalate = gate.get("escalate")
    return {
        "message": gate["message"],
        "options": gate["options"],
        "context": context,
        **_until(gate),
        "on_expiry": "escalate" if escalate else None,
        "escalation": _until(escalate) if escalate else None,
    }


def _until(asked: Any) -> dict[str, Any]:
    """Who is asked, and until when."""
    return {
        "audience": {key: asked[key] for key in ("person", "role") if asked.get(key)} or None,
        "expires_in_seconds": asked.get("expires_in_seconds"),
    }


def action_of(plan: Any, spec: Any, gate: Any, given_before: Any) -> dict[str, Any]:
    """What a gate's approval is for: the work, what was shown, and what the steps that it needs gave."""
    kind, given = work_of(plan, spec, None)
    return {
        "kind": kind,
        "input": given
        or {key: spec[key] for key in ("foreach", "command", "prompt") if key in spec},
        "message": gate["message"],
        "shown": gate["context"].get("text"),
        "needs": given_before,
    }


def result_of(value: Any) -> Any:
    """What the agent gave: for a command its `::result`, for a callable what it returned."""
    return value["result"] if isinstance(value, dict) and "exit_code" in value else value


def missing_outputs(spec: Any, result: Any) -> list[str]:
    """The outputs that a step should have given and has not."""
    given = result if isinstance(result, dict) else {}
    return [name for name in spec.get("outputs", ()) if name not in given]


def told_by(value: Any) -> Any:
    """What a failed execution gave all the same: for a command its `::result`."""
    return value.get("result") if isinstance(value, dict) else None


def findings_of(result: Any, reason: str) -> Any:
    """Why a step is sent back: its own findings, else all it gave, else the reason."""
    if isinstance(result, dict) and "findings" in result:
        return result["findings"]
    return [result] if result is not None else [{"message": reason}]


def command_input(plan: Any, spec: Any, command: list[str], findings: Any = None) -> dict[str, Any]:
    """The input of a command of the plan."""
    env = {**plan["spec"].get("env", {}), **_folder(plan)}
    if findings is not None:
        env["HOLDFAST_FINDINGS"] = encode_json(findings)
    if spec.get("inputs"):
        env["HOLDFAST_INPUTS"] = encode_json(spec["inputs"])
    return {
        "command": command,
        "cwd": plan["spec"].get("cwd"),
        "env": env,
        "timeout_seconds": spec.get("timeout_seconds"),
    }


def _program_input(plan: Any, spec: Any, findings: Any) -> dict[str, Any]:
    given = {
        **{key: spec.get(key) for key in _OF_A_PROGRAM},
        "role": plan["spec"].get("roles", {}).get(spec.get("role"), spec.get("role")),
        "hooks": plan["spec"].get("hooks"),
        "cwd": plan["spec"].get("cwd"),
        "env": {**plan["spec"].get("env", {}), **_folder(plan)},
        "findings": findings,
    }
    return {key: value for key, value in given.items() if value is not None}


def _folder(plan: Any) -> dict[str, str]:
    folder = plan["spec"].get("work_dir")
    return {} if folder is None else {"HOLDFAST_WORK_DIR": folder}


def _shown(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")[:MOST_SHOWN_CHARACTERS]
    except (OSError, UnicodeDecodeError) as error:
        return f"{file} cannot be read: {error}"
