"""A supervisor that does something, dies, and comes back: what its restoration found, and what was done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.support.sql import NO_TOKEN, Row, Token, call, call_row, call_value, connected, set_clock

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

LEASE_SECONDS = 30


class Stage:
    """One supervisor and the clock."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.id = UUID(int=0)
        self.token = NO_TOKEN
        self.seconds = 0.0
        self.memory: dict[str, Any] = {}

    async def begin(self, **given: Any) -> None:
        """Create it and take it up; it works."""
        made = await call_row(
            self.connection, "create_supervisor", name="harbour", handler="h", **given
        )
        self.id = made["id"]
        await self.take_up()
        await self.do("save_supervisor", state="working", activity="sounding", progress=40)

    async def take_up(self, holder: str = "worker", **given: Any) -> Row | None:
        """What a worker is given, if anything."""
        rows = await call(
            self.connection, "claim_supervisors", holder=holder, handlers=["h"],
            lease_seconds=LEASE_SECONDS, **given,
        )  # fmt: skip
        if not rows:
            self.token = NO_TOKEN
            return None
        [row] = rows
        self.token, self.memory = Token(row["epoch"], row["token"]), row["memory"]
        return row

    async def do(self, function: str, /, **given: Any) -> Any:
        """Call a function under its lease; gives the first value."""
        who = {"supervisor_id": self.id, **self.token._asdict()}
        rows = await call(self.connection, function, **who, **given)
        return rows[0][0] if rows else None

    async def step(self, name: str, *, finished: bool = True) -> None:
        await self.do("begin_step", name=name)
        if finished:
            await self.do("finish_step", name=name, result=name)

    async def spawn(self, key: str, kind: str | None = "callable:x") -> UUID:
        found: UUID = await self.do("spawn_execution", key=key, name=key, kind=kind)
        return found

    async def ask(self, key: str, **given: Any) -> UUID:
        found: UUID = await self.do("ask_question", message=key, key=key, **given)
        return found

    async def say(self, *texts: str, parent: int | None = None) -> int:
        """A checkpoint of the conversation."""
        blobs = [text.encode() for text in texts]
        number: int = await self.do("save_checkpoint", parent=parent, blobs=blobs)
        return number

    async def run(self, kind: str = "callable:x", **lease: Any) -> Row:
        """A worker takes an execution."""
        return await call_row(
            self.connection, "claim_executions", holder="other", kinds=[kind], **lease
        )

    async def beat(self) -> None:
        """Its worker says that it lives."""
        lost = await call(
            self.connection, "renew_leases", kinds=["supervisor"], ids=[self.id],
            epochs=[self.token.epoch], tokens=[self.token.token], lease_seconds=LEASE_SECONDS,
        )  # fmt: skip
        assert not lost

    async def later(self, seconds: float = LEASE_SECONDS + 1) -> None:
        self.seconds += seconds
        await set_clock(self.connection, self.seconds)

    async def die(self) -> None:
        """Its lease runs out, and somebody notices."""
        await self.later()
        await call(self.connection, "reap")

    async def come_back(self) -> list[Row]:
        """Die, be taken up, and tell what was found."""
        await self.die()
        await self.take_up("the next one")
        return await self.found()

    async def found(self) -> list[Row]:
        """What the newest restoration found, in order."""
        return await self.connection.fetch(
            "select * from holdfast.restoration_findings where supervisor_id = $1 and number ="
            " (select max(number) from holdfast.supervisor_restorations where supervisor_id = $1)"
            " order by position",
            self.id,
        )

    async def row(self) -> Row:
        found = await self.connection.fetchrow(
            "select * from holdfast.supervisor_states where id = $1", self.id
        )
        assert found is not None
        return found

    async def execution(self, id_: UUID) -> Row:
        [found] = await self.connection.fetch(
            "select * from holdfast.agent_executions where id = $1", id_
        )
        return found

    async def question(self, id_: UUID) -> Row:
        [found] = await self.connection.fetch("select * from holdfast.questions where id = $1", id_)
        return found

    async def directive(self, sd_key: str = "SD-1") -> UUID:
        found: UUID = await call_value(
            self.connection, "add_directive", sd_key=sd_key, title="t", status="active"
        )
        return found

    async def damage(self, statement: str, *arguments: Any) -> None:
        """What no function of the engine does: somebody writes into the tables."""
        await self.connection.execute("set session_replication_role = replica")
        done = await self.connection.execute(statement, *arguments)
        assert done.endswith((" 1", "TABLE", "DOMAIN")), done
        await self.connection.execute("set session_replication_role = origin")


@asynccontextmanager
async def staged(url: str) -> AsyncIterator[Stage]:
    """A stage on a database of its own, the clock at its start."""
    async with connected(url) as connection:
        await set_clock(connection)
        yield Stage(connection)
