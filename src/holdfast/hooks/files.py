"""What the project's files say of a session: the cache for its commands, the journal for what the database missed."""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.errors import HoldfastError
from holdfast.hooks.task import Task
from holdfast.model.sessions import SessionLease
from holdfast.sync.cache import Cache, CachedClaim, CachedSession
from holdfast.sync.journal import Journal, JournalEntry


class SessionFiles:
    """One session's part of the project's files.

    The cache is a convenience of commands: where it cannot be written, the session works all the same.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._cache = Cache.of_project(Path(task.project))
        self._journal = Journal.of_project(Path(task.project))

    @property
    def claim(self) -> CachedClaim | None:
        """What the session holds, as commands and the database said last."""
        for one in self._cache.read().sessions:
            if one.session_id == self._task.session_id:
                return one.claim
        return None

    @property
    def has_journal(self) -> bool:
        """Whether something waits to be sent."""
        return self._journal.is_there

    def keep(self, lease: SessionLease, venture_id: UUID, **changes: Any) -> None:
        """Let commands know the session's lease, and what has changed of it."""
        new = CachedSession(
            session_id=lease.session_id,
            venture_id=venture_id,
            epoch=lease.epoch,
            token=lease.token,
            claim=None,
            branch=None,
            updated_at=datetime.now(UTC),
        )
        given = {
            "epoch": lease.epoch,
            "token": lease.token,
            "incarnation": self._task.incarnation,
            "updated_at": datetime.now(UTC),
            **changes,
        }
        with contextlib.suppress(HoldfastError):
            self._cache.update(
                lease.session_id,
                venture_id,
                lambda kept: dataclasses.replace(kept or new, **given),
            )

    def forget(self, venture_id: UUID) -> None:
        """The session is over here."""
        with contextlib.suppress(HoldfastError):
            self._cache.update(self._task.session_id, venture_id, lambda _: None)

    def journal(
        self, lease: SessionLease, venture_id: UUID, function: str, arguments: dict[str, Any]
    ) -> None:
        """Keep a write for when the database is back.

        Raises:
            HoldfastError: the journal cannot be written.
        """
        self._journal.append(
            JournalEntry(
                id=uuid.uuid4(),
                at=datetime.now(UTC),
                venture_id=venture_id,
                session_id=lease.session_id,
                epoch=lease.epoch,
                token=lease.token,
                function=function,
                arguments=arguments,
            )
        )
