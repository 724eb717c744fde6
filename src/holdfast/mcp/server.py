"""The MCP server: the tools with their schemas, and refusals as one line with the next step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import ValidationError

from holdfast.errors import EvidenceMissing, HoldfastError
from holdfast.mcp.tools import Tools

INSTRUCTIONS = """\
Holdfast keeps what you work on in a database: it survives a crash, a full context and a change of machine.
Begin with get_context. Claim what you work on with claim_work, and work on nothing that you have not claimed. Report
your steps with report_progress, write down findings with log, and ask people with ask_human. End with complete_work or
block_work. When a tool says that your session or your directive was lost, stop that work: another session does it."""


class HoldfastServer(MCPServer[Any]):
    """An MCP server whose errors are Holdfast's."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; what it refuses comes back as a result that says so."""
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            text = TextContent(type="text", text=told(error))
            return CallToolResult(content=[text], is_error=True)


def make_server(tools: Tools, *, version: str) -> HoldfastServer:
    """The server with all tools."""
    server = HoldfastServer(
        "holdfast", instructions=INSTRUCTIONS, version=version, log_level="WARNING"
    )
    for tool, is_read in _kinds(tools).items():
        server.add_tool(
            tool,
            description=inspect.getdoc(tool),
            annotations=ToolAnnotations(
                read_only_hint=is_read, destructive_hint=False, idempotent_hint=is_read
            ),
        )
    return server


def told(error: ToolError) -> str:
    """An error as one line with the next step.

    >>> told(ToolError("no such tool"))
    'no such tool'
    """
    cause = error.__cause__
    match cause:
        case HoldfastError():
            text = f"{cause.message} Next: {cause.hint}" if cause.hint else cause.message
        case ValidationError():
            wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in cause.errors())
            text = f"{'; '.join(wrong)}. Next: Correct the arguments."
        case None:
            text = str(error)
        case _:
            text = f"Unexpected: {type(cause).__name__}: {cause}. Next: Report it."
    # What a verification has printed stands in lines.
    return text if isinstance(cause, EvidenceMissing) else " ".join(text.split())


def _kinds(tools: Tools) -> dict[Callable[..., Any], bool]:
    """Each tool, and whether it only reads."""
    return {
        tools.get_context: True,
        tools.claim_work: False,
        tools.report_progress: False,
        tools.log: False,
        tools.ask_human: False,
        tools.list_questions: True,
        tools.check_answers: False,
        tools.complete_work: False,
        tools.block_work: False,
        tools.spawn: False,
    }
