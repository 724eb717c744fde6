"""Spans of what agents do, under OpenTelemetry's names for generative AI.

They cost next to nothing where nobody has set a tracer up. Source of the names:
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode

_tracer = trace.get_tracer("holdfast")


@contextmanager
def invoking(
    execution_id: UUID, *, venture_id: UUID, name: str, agent: str, attempt: int = 1
) -> Iterator[None]:
    """The span of an execution's run; what happens inside belongs to it. An error that leaves the block is its outcome."""
    attributes: dict[str, str | int] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": agent,
        "holdfast.execution.id": str(execution_id),
        "holdfast.execution.name": name,
        "holdfast.execution.attempt": attempt,
        "holdfast.venture.id": str(venture_id),
    }
    with _tracer.start_as_current_span(f"invoke_agent {agent}", attributes=attributes):
        yield


def failed(why: str) -> None:
    """The current run ended, and not well."""
    trace.get_current_span().set_status(Status(StatusCode.ERROR, why))


def conversation_began(conversation_id: str) -> None:
    """The current run's program has its conversation."""
    trace.get_current_span().set_attribute("gen_ai.conversation.id", conversation_id)


def tool_called(tool: str) -> None:
    """The current run's program said that it called a tool; it does not say when that was over."""
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool}
    trace.get_current_span().add_event(f"execute_tool {tool}", attributes=attributes)


def used(*, input_tokens: int, output_tokens: int) -> None:
    """How many tokens the current run used in all."""
    span = trace.get_current_span()
    span.set_attribute("gen_ai.usage.input_tokens", input_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", output_tokens)
