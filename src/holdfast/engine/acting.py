"""Calls for a user: the request's role and claims hold for the one transaction of the call, and for nothing else.

A statement is planned before it runs, and row-level security is part of its plan. So what a user asks cannot stand in the
statement that sets the role: `holdfast.act` sets role and claims and has PostgreSQL plan and run the user's statement after
that. It is still one statement, one round trip and one transaction.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from holdfast.engine import by_name, failpoints, texts
from holdfast.engine.calls import Calls, Row, call_statement, is_heard
from holdfast.engine.catalogue import Function, Relation
from holdfast.engine.observing import Observers
from holdfast.engine.shapes import Shapes, acting_statement, once_statement

AUTHENTICATED = "authenticated"
SERVICE = "service_role"
_NOBODY = "anon"

ACTING = "holdfast.acting"
"""Where a request's scope has the `Acting`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Acting:
    """Who acts, in which venture, with whose rights."""

    caller: str
    """What tells one from another; people are not shown it."""
    venture_id: UUID
    engine: Calls


Fetch = Callable[[str, Sequence[Any]], Awaitable[list[Row]]]


class UserEngine(Calls):
    """The engine as one user sees it: what the claims do not allow, the database refuses."""

    def __init__(
        self,
        claims: Mapping[str, Any],
        *,
        shapes: Shapes,
        fetch: Fetch,
        on_called: Callable[[], None],
        observers: Observers,
    ) -> None:
        self._claims = json.dumps(claims)
        # The role is one of the claims, as on Supabase; any other than these two may do nothing at all.
        role = claims.get("role", AUTHENTICATED)
        self._role = role if role in (AUTHENTICATED, SERVICE) else _NOBODY
        self._shapes = shapes
        self._fetch = fetch
        self._on_called = on_called
        self._observers = observers

    async def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """Call a public function as the user.

        Raises:
            NotAllowed: the claims do not allow it.
            Refused: the database refused; nothing was changed.
            DatabaseError: the database could not do it.
        """
        statement = call_statement(function, tuple(arguments))
        return await self._called(function, self._act(statement, *arguments.values()))

    async def call_once(self, key: str, function: str, /, **arguments: Any) -> list[Row]:
        """Call a public function as the user; the same key again gives the same rows, and changes nothing."""
        shape = await self._shapes.of(call_statement(function, tuple(arguments)))
        ours = (self._role, self._claims, shape.inner)
        more = (key, function, shape.typed, arguments.get("venture_id"))
        answer = self._fetch(once_statement(shape), (*ours, *arguments.values(), *more))
        return await self._called(function, answer)

    async def read(self, query: str, /, *arguments: Any) -> list[Row]:
        """Run a named query under row-level security."""
        return await self._act(texts.query(query), *arguments)

    async def call_with_json(self, function: Function, arguments: Mapping[str, Any]) -> str | None:
        """Call a function of the catalogue with JSON values; gives its answer as JSON text."""
        statement = by_name.calling(function, frozenset(arguments))
        given = (dict(arguments),) if arguments else ()
        rows = await self._called(function.name, self._act(statement, *given))
        body: str | None = rows[0]["body"] if rows else None
        return body

    async def select(self, relation: Relation, selection: by_name.Selection) -> Row:
        """Read a relation of the catalogue; gives its rows as JSON text in `body`, how many `rows`, and of how many in `total`."""
        statement, arguments = by_name.reading(relation, selection)
        (row,) = await self._act(statement, *arguments)
        return row

    async def _called(self, function: str, answer: Awaitable[list[Row]]) -> list[Row]:
        failpoints.reached("before", function)
        with self._observers.observing(function):
            rows = await answer
        failpoints.reached("after", function)
        if is_heard(function, rows):
            self._on_called()
        return rows

    async def _act(self, statement: str, /, *arguments: Any) -> list[Row]:
        shape = await self._shapes.of(statement)
        ours = (self._role, self._claims, shape.inner)
        return await self._fetch(acting_statement(shape), (*ours, *arguments))
