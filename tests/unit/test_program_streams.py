"""What the programs' JSON lines report, and that nothing in them is taken for granted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.agents._json import read_event
from holdfast.agents.claude import ClaudeStream
from holdfast.agents.codex import CodexStream
from holdfast.agents.gemini import GeminiStream
from holdfast.agents.reports import (
    Began,
    Called,
    Ended,
    Listed,
    Report,
    Said,
    Stream,
    Told,
    Usage,
    Used,
)


def heard(stream: Stream, *events: dict[str, Any]) -> list[Report]:
    return [report for event in events for report in stream.hear(event)]


def used(reports: list[Report]) -> Usage:
    return sum((report.usage for report in reports if isinstance(report, Used)), start=Usage())


ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    float("nan"),
    10**400,
    "odd",
    [],
    ["odd"],
    [None],
    [[]],
    {},
    {"odd": None},
    [{}],
)


def with_oddities(value: Any) -> Iterator[Any]:
    """The value with something odd in each of its places, one after the other."""
    yield from ODD
    if isinstance(value, dict):
        for key, one in value.items():
            yield {name: other for name, other in value.items() if name != key}
            for odd in with_oddities(one):
                yield {**value, key: odd}
    elif isinstance(value, list):
        for place, one in enumerate(value):
            for odd in with_oddities(one):
                yield [*value[:place], odd, *value[place + 1 :]]


@given(line=st.text())
def test_no_line_however_strange_stops_the_listening(line: str) -> None:
    assert read_event(line) is None or line.strip().startswith("{")


@pytest.mark.parametrize("stream", [ClaudeStream, CodexStream, GeminiStream])
def test_no_event_however_strange_stops_the_listening(stream: type[Stream]) -> None:
    for event in (event for events in EVENTS for event in events):
        for odd in with_oddities(event):
            if isinstance(odd, dict):
                reports = heard(stream(), *EVENTS[0], odd)
                used(reports)


def test_text_that_the_database_cannot_keep_is_replaced() -> None:
    event = read_event('{"a\\u0000": ["x\\u0000y", {"b": "\\ud800"}]}')

    assert event == {"a\N{REPLACEMENT CHARACTER}": ["x\N{REPLACEMENT CHARACTER}y", {"b": "?"}]}


def test_a_line_that_is_deeper_than_python_goes_is_no_event() -> None:
    assert read_event('{"a":' + "[" * 200_000 + "]" * 200_000 + "}") is None


def claude_message(name: str, *content: dict[str, Any]) -> dict[str, Any]:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 1}
    return {
        "type": "assistant",
        "message": {"id": name, "content": list(content), "usage": usage},
    }


def claude_result(**more: Any) -> dict[str, Any]:
    models = {
        "m": {"inputTokens": 10, "cacheReadInputTokens": 100, "outputTokens": 7, "costUSD": 0.5}
    }
    return {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "result": "done",
        "modelUsage": models,
        **more,
    }


def test_what_claude_used_is_told_as_it_goes_and_made_whole_at_the_end() -> None:
    message = claude_message("1", {"type": "text", "text": "a"})
    again = claude_message(
        "1", {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}
    )

    stream = ClaudeStream()
    so_far = used(heard(stream, message, again))
    in_all = so_far + used(heard(stream, claude_result()))

    assert so_far == Usage(input_tokens=110, output_tokens=1, model_calls=1)
    assert in_all == Usage(input_tokens=110, output_tokens=7, model_calls=1, cost_usd=0.5)


def test_what_claude_used_before_it_was_resumed_is_not_told_again() -> None:
    now = {"m": {"inputTokens": 1, "outputTokens": 2, "costUSD": 0.25}}

    result = claude_result(model_usage_since_last_result=now)

    assert used(heard(ClaudeStream(), result)) == Usage(
        input_tokens=1, output_tokens=2, cost_usd=0.25
    )


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ({}, Ended(text="done")),
        ({"is_error": True, "result": "API Error: 400"}, Ended(error="API Error: 400")),
        ({"subtype": "error_max_turns", "result": None}, Ended(error="error_max_turns")),
        (
            {"subtype": "error_during_execution", "result": None, "errors": ["one", "two"]},
            Ended(error="one; two"),
        ),
    ],
)
def test_how_claude_ended_is_told_with_its_reason(told: dict[str, Any], end: Ended) -> None:
    assert heard(ClaudeStream(), claude_result(**told))[-1] == end


def test_claudes_tasks_are_known_by_the_number_that_it_answers_with() -> None:
    create = {"type": "tool_use", "id": "t1", "name": "TaskCreate", "input": {"subject": "Write"}}
    answer = {"type": "tool_result", "tool_use_id": "t1", "content": "Task #7 created"}
    update = {
        "type": "tool_use",
        "id": "t2",
        "name": "TaskUpdate",
        "input": {"taskId": "7", "status": "in_progress"},
    }
    done = {"type": "tool_result", "tool_use_id": "t2", "content": "Updated"}
    events = [
        event
        for call, result in ((create, answer), (update, done))
        for event in (
            claude_message("m", call),
            {"type": "user", "message": {"content": [result]}},
        )
    ]

    lists = [report for report in heard(ClaudeStream(), *events) if isinstance(report, Listed)]

    assert [(one["key"], one["status"]) for told in lists for one in told.changes.items] == [
        ("7", "pending"),
        ("7", "in_progress"),
    ]


def test_what_a_subagent_of_claude_says_is_not_claudes_own_word() -> None:
    message = claude_message("1", {"type": "text", "text": "of the subagent"})

    assert not [
        r
        for r in heard(ClaudeStream(), message | {"parent_tool_use_id": "t"})
        if isinstance(r, Said)
    ]


def codex_item(kind: str, **item: Any) -> dict[str, Any]:
    return {"type": kind, "item": item}


def test_codex_tells_its_calls_when_they_begin_and_its_words_when_they_are_whole() -> None:
    reports = heard(
        CodexStream(),
        {"type": "thread.started", "thread_id": "t"},
        codex_item("item.started", type="command_execution", command="ls"),
        codex_item("item.completed", type="command_execution", command="ls", status="completed"),
        codex_item("item.completed", type="agent_message", text="done"),
        {"type": "turn.completed", "usage": {"input_tokens": 3, "output_tokens": 4}},
    )

    assert reports == [
        Began("t"),
        Called("command_execution", "ls"),
        Said("done"),
        Used(Usage(input_tokens=3, output_tokens=4)),
        Ended(),
    ]


def test_codexs_todo_list_has_what_is_done_next_in_progress() -> None:
    items = [
        {"text": "a", "completed": True},
        {"text": "b", "completed": False},
        {"text": "c", "completed": False},
    ]

    [listed] = heard(CodexStream(), codex_item("item.updated", type="todo_list", items=items))

    assert isinstance(listed, Listed)
    assert [one["status"] for one in listed.changes.items] == [
        "completed",
        "in_progress",
        "pending",
    ]


def test_why_codex_failed_is_taken_out_of_what_the_server_answered() -> None:
    failed = {"type": "turn.failed", "error": {"message": '{"error": {"message": "no credit"}}'}}
    declined = codex_item(
        "item.completed",
        type="command_execution",
        status="declined",
        aggregated_output="not allowed",
    )

    assert heard(CodexStream(), failed) == [Ended(error="no credit")]
    assert heard(CodexStream(), declined) == [Told("command_execution declined: not allowed")]


def test_geminis_words_come_in_parts() -> None:
    reports = heard(
        GeminiStream(),
        {"type": "init", "session_id": "s"},
        {"type": "message", "role": "user", "content": "go"},
        {"type": "message", "role": "assistant", "content": "a", "delta": True},
        {"type": "message", "role": "assistant", "content": "b", "delta": True},
        {"type": "result", "status": "success", "stats": {"input_tokens": 1, "output_tokens": 2}},
    )

    assert reports == [
        Began("s"),
        Said("a", is_part=True),
        Said("b", is_part=True),
        Used(Usage(input_tokens=1, output_tokens=2)),
        Ended(),
    ]


# What the programs really said, shortened: Claude Code, then Codex, then Gemini.
EVENTS = (
    [
        {"type": "system", "subtype": "init", "session_id": "s", "tools": ["Bash"]},
        claude_message(
            "1",
            {"type": "text", "text": "a"},
            {"type": "tool_use", "id": "t", "name": "TaskCreate", "input": {"subject": "Write"}},
            {"type": "tool_use", "id": "u", "name": "Bash", "input": {"command": "ls"}},
        ),
        {"type": "system", "subtype": "permission_denied", "tool_name": "Bash", "message": "no"},
        {
            "type": "user",
            "message": {
                "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": "Task #1"},
                    {"type": "tool_result", "tool_use_id": "u", "content": "no", "is_error": True},
                ]
            },
            "tool_use_result": {"task": {"id": "1"}},
        },
        claude_result(is_error=True, errors=["one"], model_usage_since_last_result={"m": {}}),
    ],
    [
        {"type": "thread.started", "thread_id": "t"},
        codex_item("item.started", type="file_change", changes=[{"path": "a", "kind": "add"}]),
        codex_item("item.started", type="mcp_tool_call", server="s", tool="t"),
        codex_item(
            "item.completed", type="mcp_tool_call", status="failed", error={"message": "no"}
        ),
        codex_item("item.updated", type="todo_list", items=[{"text": "a", "completed": True}]),
        codex_item("item.completed", type="reasoning", text="hm"),
        codex_item("item.completed", type="error", message="careful"),
        {"type": "error", "message": '{"error": {"message": "no"}}'},
        {"type": "turn.completed", "usage": {"input_tokens": 3, "output_tokens": 4}},
        {"type": "turn.failed", "error": {"message": "no"}},
    ],
    [
        {"type": "init", "session_id": "s"},
        {"type": "message", "role": "assistant", "content": "a", "delta": True},
        {
            "type": "tool_use",
            "tool_name": "write_todos",
            "parameters": {"todos": [{"description": "a", "status": "pending"}]},
        },
        {"type": "tool_result", "status": "error", "output": "no"},
        {"type": "error", "severity": "warning", "message": "careful"},
        {
            "type": "result",
            "status": "error",
            "error": {"message": "no"},
            "stats": {"input_tokens": 1},
        },
    ],
)
