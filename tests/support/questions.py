"""Who asks, and what they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.support.sql import Row, call, call_row, one

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


async def asker(connection: Connection, name: str = "s") -> dict[str, Any]:
    """A supervisor that nobody holds, as who asks."""
    made = await call_row(connection, "create_supervisor", name=name)
    return {"supervisor_id": made["id"]}


async def ask(connection: Connection, who: dict[str, Any] | None = None, **given: Any) -> UUID:
    """Ask, in a new supervisor's name unless it is said in whose."""
    who = who or await asker(connection)
    row = await call_row(connection, "ask_question", **{"message": "Deploy?", **who, **given})
    found: UUID = row["id"]
    return found


async def question_of(connection: Connection, question_id: UUID) -> Row:
    """The row as it is now."""
    return await one(connection, "select * from holdfast.questions where id = $1", question_id)


async def answer(connection: Connection, question_id: UUID, value: Any, **given: Any) -> None:
    """Answer as the connection's user."""
    await call(connection, "answer_question", question_id=question_id, answer=value, **given)
