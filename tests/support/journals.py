"""A session whose writes go into a journal, and the database at a time of the test's choice."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.model.journal import JournalEntry
from holdfast.sync._entries import plain
from holdfast.sync.journal import Journal
from holdfast.sync.quarantine import Quarantine
from holdfast.sync.replay import Replayed, replay
from tests.support.sql import START, connected

VENTURE = UUID("00000000-0000-7000-8000-000000000000")
SECONDS = 60.0


@asynccontextmanager
async def engine_at(url: str, seconds: float = 0) -> AsyncIterator[PostgresEngine]:
    """The engine on connections whose clock stands so long after `START`."""
    async with connected(url) as connection:
        name = await connection.fetchval("select current_database()")
        moment = (START + timedelta(seconds=seconds)).isoformat()
        await connection.execute(f"alter database {name} set holdfast.now = '{moment}'")
    opened = PostgresEngine(url, settings=Settings())
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


def entry(function: str = "save_session", **arguments: Any) -> JournalEntry:
    """An entry of nobody's."""
    return JournalEntry(
        id=uuid.uuid4(),
        at=START,
        venture_id=VENTURE,
        session_id="s1",
        epoch=1,
        token=UUID(int=1),
        function=function,
        arguments=arguments,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Writer:
    """A session, what it claims, and the tokens of both."""

    session_id: str
    epoch: int
    token: UUID
    sd_key: str
    claim: dict[str, Any]
    """Key, epoch and token of the claim, as the calls on a directive take them."""

    def entry(self, function: str, **arguments: Any) -> JournalEntry:
        """A write of this session, as it is read again."""
        made = dataclasses.replace(
            entry(function, **arguments),
            session_id=self.session_id,
            epoch=self.epoch,
            token=self.token,
        )
        return dataclasses.replace(made, arguments=plain(made)["arguments"])

    def on_claim(self, function: str, **arguments: Any) -> JournalEntry:
        """A write of this session under its claim."""
        return self.entry(function, **self.claim, **arguments)


async def make_writer(
    engine: PostgresEngine, session_id: str = "s1", sd_key: str = "SD-1"
) -> Writer:
    """Start a session, which claims a directive of its own, for `SECONDS`."""
    started = await engine.call_row("start_session", session_id=session_id, lease_seconds=SECONDS)
    await engine.call("add_directive", sd_key=sd_key, title="t", status="active")
    claimed = await reclaim(engine, session_id, started["epoch"], started["token"], sd_key)
    return Writer(
        session_id=session_id,
        epoch=started["epoch"],
        token=started["token"],
        sd_key=sd_key,
        claim={"sd_key": sd_key, "epoch": claimed["epoch"], "token": claimed["token"]},
    )


async def reclaim(
    engine: PostgresEngine, session_id: str, epoch: int, token: UUID, sd_key: str
) -> Any:
    return await engine.call_row(
        "claim_directive",
        session_id=session_id,
        epoch=epoch,
        token=token,
        sd_key=sd_key,
        lease_seconds=SECONDS,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """A project's journal and quarantine."""

    folder: Path

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "journal")

    @property
    def quarantine(self) -> Quarantine:
        return Quarantine(self.folder / "quarantine")

    def write(self, *entries: JournalEntry) -> None:
        for one in entries:
            self.journal.append(one)

    async def replay(self, engine: PostgresEngine) -> Replayed:
        return await replay(self.journal, engine, self.quarantine)
