"""The SDK's own client on the real `holdfast mcp`, a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent


class Agent:
    """An agent program, as far as its tools see it."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def call(self, tool: str, /, call_id: str | None = None, **arguments: Any) -> Any:
        """What a tool gives."""
        result = await self._result(tool, call_id, arguments)
        assert not result.is_error, said(result)
        return result.structured_content

    async def refused(self, tool: str, /, call_id: str | None = None, **arguments: Any) -> str:
        """What a tool says instead."""
        result = await self._result(tool, call_id, arguments)
        assert result.is_error, result.structured_content
        return said(result)

    async def _result(
        self, tool: str, call_id: str | None, arguments: dict[str, Any]
    ) -> CallToolResult:
        meta: Any = {"claudecode/toolUseId": call_id} if call_id else None
        result = await self.session.call_tool(tool, arguments, meta=meta)
        assert isinstance(result, CallToolResult)
        return result


def said(result: CallToolResult) -> str:
    """The text of a result."""
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


@asynccontextmanager
async def agent(
    url: str, folder: Path, *, session: str | None = "agent-1", **environment: str
) -> AsyncIterator[Agent]:
    """An agent program in a project's folder; `session` is what it calls its own, as Claude Code does."""
    named = {"CLAUDE_CODE_SESSION_ID": session} if session else {}
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "holdfast", "mcp"],
        cwd=folder,
        env={**plain_environment(), "HOLDFAST_DATABASE_URL": url, **named, **environment},
    )
    async with stdio_client(server) as (read, write), ClientSession(read, write) as client:
        await client.initialize()
        yield Agent(client)


def plain_environment() -> dict[str, str]:
    """This process's, without what would name a session or a database."""
    ours = ("HOLDFAST_", "CLAUDE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
