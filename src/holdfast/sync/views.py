"""Looking at all three: the project's files, the database, git."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.engine.calls import Engine
from holdfast.sync.cache import Cache, CachedSession
from holdfast.sync.git import WorkTree, keys_in, read_work_tree
from holdfast.sync.older_file import OlderFile
from holdfast.sync.sides import DatabaseState, DatabaseView, FileView, GitView, Held


@dataclasses.dataclass(frozen=True, kw_only=True)
class Views:
    """What the three say of one session, and what a repair needs besides."""

    session_id: str
    file: FileView
    database: DatabaseView
    git: GitView
    cached: CachedSession | None
    metadata: Mapping[str, Any]
    """The session's own."""
    claim_seconds: float | None
    """How long its claim lasts."""
    directive_branch: str | None
    """Which branch the directive that it holds is worked on, if that says so."""

    @property
    def is_unheard_of(self) -> bool:
        """Whether nobody has ever heard of the session."""
        is_kept = self.cached is not None or self.file.problem is not None
        return self.database.state is DatabaseState.UNKNOWN and not is_kept


class Project:
    """One project's files, with the database that they are copies of."""

    def __init__(self, start: Path, engine: Engine, venture_id: UUID) -> None:
        self.start = start
        self.engine = engine
        self.venture_id = venture_id
        self.cache = Cache.of_project(start)
        self.older = OlderFile(self.cache.folder.parent)

    async def look(self, session_id: str) -> Views:
        """What all three say of a session.

        Raises:
            DatabaseError: the database does not say.
        """
        rows = await self.engine.read("standing", self.venture_id, session_id)
        row: Mapping[str, Any] = dict(rows[0]) if rows else {}
        state = self.cache.read()
        cached = state.find(session_id, self.venture_id)
        database = _database_view(row)
        return Views(
            session_id=session_id,
            file=self._file_view(session_id, cached, state.problem),
            database=database,
            git=await self._git_view(row),
            cached=cached,
            metadata=row.get("metadata") or {},
            claim_seconds=row.get("claim_seconds"),
            directive_branch=row.get("directive_branch"),
        )

    def _file_view(
        self, session_id: str, cached: CachedSession | None, problem: str | None
    ) -> FileView:
        older = self.older.read(session_id)
        older_sd_key = older.fields.get("currentSd")
        claim = cached.claim if cached else None
        return FileView(
            problem=problem,
            is_known=cached is not None,
            epoch=cached.epoch if cached else 0,
            held=Held(sd_key=claim.sd_key, phase=claim.phase, epoch=claim.epoch) if claim else None,
            older_sd_key=None if older_sd_key is None else str(older_sd_key),
            says_older="currentSd" in older.fields,
            older_problem=older.problem,
        )

    async def _git_view(self, row: Mapping[str, Any]) -> GitView:
        tree = read_work_tree(self.start)
        return GitView(tree=tree, sd_key=await self._named_by(tree, row))

    async def _named_by(self, tree: WorkTree, row: Mapping[str, Any]) -> str | None:
        """The directive that a branch belongs to: the held one may say so itself, else its name does."""
        if tree.branch is None:
            return None
        if tree.branch == row.get("directive_branch"):
            return str(row["sd_key"])
        found = await self.engine.read("directive_among", self.venture_id, keys_in(tree.branch))
        return found[0]["sd_key"] if found else None


def _database_view(row: Mapping[str, Any]) -> DatabaseView:
    if not row:
        return DatabaseView(state=DatabaseState.UNKNOWN)
    is_live = row["is_live"]
    held = None
    if is_live and row["sd_key"] is not None:
        held = Held(sd_key=row["sd_key"], phase=row["phase"], epoch=row["claim_epoch"])
    return DatabaseView(
        state=DatabaseState.LIVE if is_live else _over(row["state"]),
        epoch=row["lease_epoch"],
        held=held,
        branch=_text(row["metadata"].get("branch")),
        worktree=_text(row["metadata"].get("worktree")),
    )


def _over(state: str) -> DatabaseState:
    return DatabaseState.ENDED if state == "ended" else DatabaseState.LOST


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
