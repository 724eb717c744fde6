"""Sending what is in the journal to the database, in order, each entry once."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

from holdfast.engine.calls import Engine
from holdfast.errors import HoldfastError, NotAllowed, Refused
from holdfast.model.journal import JournalEntry
from holdfast.sync.journal import Journal
from holdfast.sync.quarantine import Quarantine

PATIENCE_SECONDS = 5.0
"""How long to wait for another process that is sending the same journal."""
_LOOK_AGAIN_SECONDS = 0.02


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quarantined:
    """What was not applied, and where it is kept."""

    what: str
    reason: str
    file: Path

    @property
    def line(self) -> str:
        """What a person is told.

        >>> Quarantined(what="end_session of s1", reason="It ended.", file=Path("f")).line
        'not applied: end_session of s1: It ended. It is kept in f'
        """
        return f"not applied: {self.what}: {self.reason} It is kept in {self.file}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Replayed:
    """What became of the journal's entries."""

    applied: tuple[JournalEntry, ...] = ()
    known: tuple[JournalEntry, ...] = ()
    """Applied before: a process died before it could take them out of the journal."""
    refused: tuple[Quarantined, ...] = ()
    left: int = 0
    """How many stay in the journal."""
    stopped_by: HoldfastError | None = None
    """Why they stay."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What a person is told."""
        told = [one.line for one in self.refused]
        if self.stopped_by is not None:
            left = f"still in the journal: {self.left}. " if self.left else ""
            told.append(left + self.stopped_by.message)
        return tuple(told)


async def replay(
    journal: Journal,
    engine: Engine,
    quarantine: Quarantine,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Replayed:
    """Send a journal to the database; what is refused is kept in the quarantine.

    When the database goes away in the middle, the rest stays in the journal.

    Raises:
        HoldfastError: the journal cannot be read.
    """
    if not journal.is_there:
        return Replayed()
    async with _only_replayer(journal, patience_seconds) as is_alone:
        if not is_alone:
            busy = HoldfastError("Another process is sending them.")
            return Replayed(left=len(journal.entries()), stopped_by=busy)
        return await _Replay(journal, engine, quarantine).run()


class _Replay:
    """One run through the journal; nobody else makes one meanwhile."""

    def __init__(self, journal: Journal, engine: Engine, quarantine: Quarantine) -> None:
        self._journal = journal
        self._engine = engine
        self._quarantine = quarantine
        self._applied: list[JournalEntry] = []
        self._known: list[JournalEntry] = []
        self._refused: list[Quarantined] = []
        self._done = 0

    async def run(self) -> Replayed:
        state = self._journal.read()
        stopped_by = None
        try:
            for entry in state.entries:
                await self._take(entry)
                self._done += 1
        except HoldfastError as error:
            stopped_by = error
        try:
            # What is taken out now the database has, or the quarantine: dying before costs nothing.
            self._clean(state.entries[: self._done], state.damaged)
        except HoldfastError as error:
            stopped_by = stopped_by or error
        return Replayed(
            applied=tuple(self._applied),
            known=tuple(self._known),
            refused=tuple(self._refused),
            left=len(state.entries) - self._done,
            stopped_by=stopped_by,
        )

    async def _take(self, entry: JournalEntry) -> None:
        # Refused once is refused for good, also where the process died before it took the entry out.
        if self._quarantine.holds(entry.id):
            return
        try:
            outcome = await self._engine.call_value(
                "replay_entry",
                entry_id=entry.id,
                written_at=entry.at,
                session_id=entry.session_id,
                epoch=entry.epoch,
                token=entry.token,
                function=entry.function,
                arguments=entry.arguments,
                venture_id=entry.venture_id,
            )
        except NotAllowed:  # that is about who sends it
            raise
        except Refused as refusal:
            self._keep(entry, refusal)
        else:
            (self._applied if outcome == "applied" else self._known).append(entry)

    def _keep(self, entry: JournalEntry, refusal: Refused) -> None:
        file = self._quarantine.keep(entry, refusal)
        what = f"{entry.function} of {entry.session_id}, written at {entry.at:%Y-%m-%d %H:%M:%S %Z}"
        self._refused.append(Quarantined(what=what, reason=refusal.message, file=file))

    def _clean(self, done: tuple[JournalEntry, ...], damaged: tuple[bytes, ...]) -> None:
        for line in damaged:
            file = self._quarantine.keep_damaged(line)
            reason = f"It is damaged, {len(line)} bytes."
            self._refused.append(Quarantined(what="an entry", reason=reason, file=file))
        if done or damaged:
            self._journal.remove({entry.id for entry in done}, damaged)


@contextlib.asynccontextmanager
async def _only_replayer(journal: Journal, patience_seconds: float) -> AsyncIterator[bool]:
    """Be the only process that sends this journal; says whether it is within the time given."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_seconds
    while True:
        with journal.alone() as is_alone:
            if is_alone or loop.time() >= deadline:
                yield is_alone
                return
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
