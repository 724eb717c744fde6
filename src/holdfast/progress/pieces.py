"""What work consists of, as far as time is concerned."""

from __future__ import annotations

import dataclasses
from enum import StrEnum

from holdfast.progress.values import Remaining


class PieceState(StrEnum):
    """Where a piece is."""

    LEFT = "left"
    RUNNING = "running"
    DONE = "done"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Piece:
    """One step, todo item, child or plan step."""

    name: str
    state: PieceState
    seconds: float = 0.0
    """How long it has been worked on, or took."""
    history: tuple[float, ...] = ()
    """How long like pieces took before."""
    within: float = 0.0
    """How far it is itself, from 0 to 1, where it consists of something."""
    rest: Remaining | None = None
    """What is left of it, where that is known from what it consists of."""
    needs: tuple[str, ...] | None = None
    """The pieces that come before it; None: the one before."""
    is_skipped: bool = False
    """Done, but it says nothing about pace."""
    count: int = 1
    """How many of them stand here for one: the ones that are too many to look at."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PastRun:
    """A completed run of like work."""

    seconds: float
    pieces: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """A run, and the runs of like work before it."""

    pieces: tuple[Piece, ...]
    seconds: float
    """How long it has been worked on."""
    past: tuple[PastRun, ...] = ()
    is_counted: bool = True
    """Whether the pieces are all there is, as far as anybody knows."""

    @property
    def measured(self) -> tuple[Piece, ...]:
        """The pieces that say how long a piece takes."""
        return tuple(
            piece
            for piece in self.pieces
            if piece.state is PieceState.DONE and not piece.is_skipped
        )

    @property
    def left(self) -> tuple[Piece, ...]:
        """The pieces that are not done."""
        return tuple(piece for piece in self.pieces if piece.state is not PieceState.DONE)
