"""Reading one row, or refusing what is not there."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends

from holdfast.api.access import SomeCaller, VentureId
from holdfast.engine.calls import Row
from holdfast.errors import NotFound


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reader:
    """One request's way of reading: as its caller, in its venture."""

    venture_id: UUID
    caller: SomeCaller

    async def rows(self, query: str, *arguments: Any) -> list[Row]:
        """The rows of a named query whose first argument is the venture."""
        return await self.caller.engine.read(query, self.venture_id, *arguments)

    async def one(self, query: str, noun: str, *arguments: Any) -> Row:
        """The one row of a query.

        Raises:
            NotFound: there is none, or it is another venture's.
        """
        rows = await self.rows(query, *arguments)
        if not rows:
            raise NotFound(
                f"There is no {noun} {arguments[0]} in this venture.",
                hint=f"List them with: GET /api/v1/{noun}s",
                detail={noun: str(arguments[0])},
            )
        return rows[0]


async def reader(caller: SomeCaller, venture_id: VentureId) -> Reader:
    """A dependency of every route that reads."""
    return Reader(venture_id=venture_id, caller=caller)


Reading = Annotated[Reader, Depends(reader)]
