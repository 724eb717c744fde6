"""What a test of the tools sees of the database behind them."""

from __future__ import annotations

import dataclasses
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.mcp import Agent, agent
from tests.support.sql import call, call_row

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """A project's folder and its database."""

    url: str
    folder: Path
    connection: Connection

    def agent(
        self, session: str | None = "agent-1", **environment: str
    ) -> AbstractAsyncContextManager[Agent]:
        """An agent program with Holdfast's tools."""
        return agent(self.url, self.folder, session=session, **environment)

    async def call(self, function: str, /, **arguments: Any) -> Any:
        """Call an engine function, as somebody else."""
        return await call(self.connection, function, **arguments)

    async def session(self, session_id: str) -> dict[str, Any]:
        """Start a session that somebody else runs; gives its fence."""
        row = await call_row(self.connection, "start_session", session_id=session_id)
        return {"session_id": session_id, "epoch": row["epoch"], "token": row["token"]}

    async def rows(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """What a query gives."""
        return [tuple(row) for row in await self.connection.fetch(statement, *arguments)]

    async def events(self, type_: str) -> list[dict[str, Any]]:
        """What the events of a type say, in order."""
        rows = await self.rows(
            "select data from holdfast.events where type = $1 order by xid, stream_id, seq", type_
        )
        return [data for (data,) in rows]

    async def directive(self, sd_key: str) -> tuple[str, str, str | None]:
        """Status, phase and holder of a directive."""
        [row] = await self.rows(
            "select status::text, phase::text, case when is_held then claimed_by end"
            " from holdfast.v_directives where sd_key = $1",
            sd_key,
        )
        status, phase, holder = row
        return status, phase, holder

    async def steps(self) -> list[tuple[Any, ...]]:
        """The steps of the executions, in order."""
        return await self.rows(
            "select s.name, s.status::text from holdfast.execution_steps s"
            " join holdfast.agent_executions e on e.id = s.execution_id order by e.id, s.position"
        )
