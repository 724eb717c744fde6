"""What there is to do: reading the tree of directives, and moving them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Calls, Row
from holdfast.errors import NotFound
from holdfast.model.advancing import Evidence
from holdfast.model.directives import (
    DEFAULT_PRIORITY,
    Directive,
    DirectivePhase,
    DirectiveStatus,
    Flag,
    NewDirective,
)

MOST_DIRECTIVES = 1000


class DirectiveService:
    """The directives of one venture."""

    def __init__(self, engine: Calls, venture_id: UUID) -> None:
        self._engine = engine
        self._venture_id = venture_id

    async def add(
        self,
        sd_key: str,
        title: str,
        *,
        parent_key: str | None = None,
        description: str | None = None,
        status: DirectiveStatus = DirectiveStatus.ACTIVE,
        priority: int = DEFAULT_PRIORITY,
        verification: str | None = None,
        needs: Sequence[str] = (),
    ) -> None:
        """Add a directive.

        Raises:
            Conflict: there is one with that key.
            NotFound: its parent or one of its needs is not there.
            InvalidValue: the key or the title is not valid.
        """
        await self._call(
            "add_directive",
            sd_key=sd_key,
            title=title,
            parent_key=parent_key,
            description=description,
            status=status,
            priority=priority,
            verification=verification,
            needs=list(needs),
        )

    async def add_tree(self, directives: Sequence[NewDirective]) -> dict[str, str]:
        """Add what is not there yet of a tree, parents first; gives `created` or `unchanged` for each key.

        Raises:
            Conflict: one is there and says something else; nothing was added.
            NotFound: a parent or a need is neither there nor in the tree; nothing was added.
        """
        given = [dataclasses.asdict(one) for one in directives]
        rows = await self._call("import_directives", directives=given)
        return {row["sd_key"]: row["outcome"] for row in rows}

    async def move(
        self,
        sd_key: str,
        status: DirectiveStatus,
        *,
        reason: str | None = None,
        epoch: int | None = None,
        token: UUID | None = None,
        evidence: Evidence | None = None,
        unverified: bool = False,
    ) -> None:
        """Move a directive to a status; one that is held needs the token of its claim.

        Args:
            sd_key: the directive's key.
            status: where to.
            reason: why; kept with the event.
            epoch: of the claim on it.
            token: of the claim on it.
            evidence: the run of its verification, without which one that has a verification is not completed.
            unverified: complete it without; for operators, with a reason.

        Raises:
            IllegalMove: its status does not lead there.
            LeaseLost: it is held, and not under that token.
            EvidenceMissing: its verification has not run and passed.
            NotAllowed: without evidence it takes an operator.
        """
        await self._call(
            "move_directive",
            sd_key=sd_key,
            status=status,
            reason=reason,
            epoch=epoch,
            token=token,
            evidence=evidence.as_json if evidence else None,
            unverified=unverified,
        )

    async def move_phase(
        self,
        sd_key: str,
        phase: DirectivePhase,
        *,
        reason: str | None = None,
        epoch: int | None = None,
        token: UUID | None = None,
    ) -> None:
        """Move a directive to a phase; going back needs a reason. Raises as `move` does."""
        await self._call(
            "move_directive_phase",
            sd_key=sd_key,
            phase=phase,
            reason=reason,
            epoch=epoch,
            token=token,
        )

    async def flag(self, sd_key: str, flag: Flag, says: str | None) -> None:
        """Make walks pause before a directive, with what it says; unset takes that off again, which takes an operator.

        Raises:
            NotAllowed: the caller is no operator.
        """
        await self._call("flag_directive", sd_key=sd_key, flag=flag.value, says=says)

    async def get(self, sd_key: str) -> Directive:
        """One directive.

        Raises:
            NotFound: there is none with that key; the hint names the nearest one.
        """
        rows = await self._engine.read("directive", self._venture_id, sd_key)
        if not rows:
            raise await self.unknown(sd_key)
        return _directive(rows[0])

    async def listed(self, *, status: DirectiveStatus | None = None) -> list[Directive]:
        """The directives in a status, or those that are not over; by priority, then age."""
        rows = await self._engine.read(
            "directives", self._venture_id, status.value if status else None, MOST_DIRECTIVES
        )
        return [_directive(row) for row in rows]

    async def tree(self, sd_key: str | None = None) -> list[Directive]:
        """A directive and all below it, or every tree; each stands before its children.

        Raises:
            NotFound: there is none with that key.
        """
        rows = await self._engine.read("directive_tree", self._venture_id, sd_key, MOST_DIRECTIVES)
        if sd_key is not None and not rows:
            raise await self.unknown(sd_key)
        return [_directive(row) for row in rows]

    async def unknown(self, sd_key: str) -> NotFound:
        """The refusal for a key that is nobody's, with the nearest one that is."""
        rows = await self._engine.read("directive_keys", self._venture_id)
        near = difflib.get_close_matches(sd_key, [row["sd_key"] for row in rows], n=1)
        hint = f"Did you mean {near[0]}?" if near else "List them with: holdfast directive list"
        return NotFound(f"There is no directive {sd_key}.", hint=hint, detail={"sd_key": sd_key})

    async def _call(self, function: str, /, **arguments: Any) -> list[Row]:
        """A call whose refusal for a key that is nobody's names the nearest one."""
        try:
            return await self._engine.call(function, **arguments, venture_id=self._venture_id)
        except NotFound as error:
            if "sd_key" not in error.detail:
                raise
            raise await self.unknown(error.detail["sd_key"]) from error


def _directive(row: Row) -> Directive:
    return Directive(
        **dict(row)
        | {
            "status": DirectiveStatus(row["status"]),
            "phase": DirectivePhase(row["phase"]),
            "needs": tuple(row["needs"]),
            "waits_for": tuple(row["waits_for"]),
        }
    )
