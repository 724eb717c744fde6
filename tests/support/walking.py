"""A session that walks an orchestrator's children, by the engine's functions alone."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tests.support.sql import Row, call, call_row, one

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

LEASE_SECONDS = 3600


async def add_tree(connection: Connection, root: str, *children: str, **given: Any) -> None:
    """An active orchestrator with active children, the first one first."""
    await call(connection, "add_directive", sd_key=root, title=root, status="active", **given)
    for number, child in enumerate(children):
        await add_child(connection, child, root, priority=number)


async def add_child(connection: Connection, key: str, parent: str | None, **given: Any) -> None:
    given = {"title": f"title of {key}", "status": "active", **given}
    await call(connection, "add_directive", sd_key=key, parent_key=parent, **given)


@dataclasses.dataclass
class Walker:
    """A session, what it was told last, and its settings."""

    connection: Connection
    session_id: str
    fence: dict[str, Any]
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    last: Row | None = None

    @property
    def told(self) -> Row:
        """What it was told last."""
        assert self.last is not None
        return self.last

    @told.setter
    def told(self, row: Row) -> None:
        self.last = row

    @property
    def at(self) -> str:
        """What it was told to work on."""
        key: str = self.told["sd_key"]
        return key

    async def advance(self, outcome: str | None = None, **given: Any) -> Row:
        """Say how what it has went, and be told what is next."""
        about: dict[str, Any] = {}
        if outcome is not None and self.last is not None and self.last["epoch"] is not None:
            about = {"sd_key": self.at, "claim_epoch": self.told["epoch"]}
        self.told = await call_row(
            self.connection, "advance", session_id=self.session_id, **self.fence,
            **{"outcome": outcome, "settings": self.settings, "lease_seconds": LEASE_SECONDS, **about, **given},
        )  # fmt: skip
        return self.told

    async def walked(self, outcome: str | None = None, **given: Any) -> tuple[str, str | None]:
        """The decision, and the directive or the reason of the pause."""
        return decided(await self.advance(outcome, **given))

    async def start(self, orchestrator: str | None = None, **settings: Any) -> Row:
        return await call_row(
            self.connection, "start_auto_proceed", session_id=self.session_id, **self.fence,
            orchestrator_key=orchestrator, settings=settings,
        )  # fmt: skip

    async def summary(self) -> dict[str, Any]:
        row = await call_row(self.connection, "get_auto_proceed_summary", session_id=self.session_id)  # fmt: skip
        summary: dict[str, Any] = row[0]
        return summary

    async def events(self, type_: str) -> list[dict[str, Any]]:
        rows = await self.connection.fetch(
            "select data from holdfast.events where type = $1 and data ->> 'session_id' = $2 order by seq",
            type_,
            self.session_id,
        )
        return [row["data"] for row in rows]


def decided(row: Row) -> tuple[str, str | None]:
    return row["decision"], row["pause_reason"] or row["sd_key"]


async def walker(connection: Connection, session_id: str = "s") -> Walker:
    """A session that has just started."""
    row = await call_row(
        connection, "start_session", session_id=session_id, lease_seconds=LEASE_SECONDS
    )
    fence = {"epoch": row["epoch"], "token": row["token"]}
    return Walker(connection, session_id, fence)


async def status_of(connection: Connection, key: str) -> str:
    row = await one(connection, "select status::text from holdfast.directives where sd_key = $1", key)  # fmt: skip
    status: str = row[0]
    return status


async def walking(
    connection: Connection, *children: str, root: str = "SD-O", **settings: Any
) -> Walker:
    """A session that has been told the first child of an orchestrator."""
    await add_tree(connection, root, *children)
    mine = await walker(connection)
    await mine.start(root, **settings)
    await mine.advance()
    return mine
