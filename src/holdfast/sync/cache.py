"""The project's cache of its sessions, `.holdfast/state.json`: their leases between one command and the next.

It is a cache. What it says of a claim is what the database said last; whoever damages or deletes it loses no work, only
the way back to a session before its lease runs out. The tokens in it are secrets: the file is its owner's alone.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from holdfast.engine.embedded import default_data_dir
from holdfast.errors import HoldfastError
from holdfast.sync.files import PROJECT_FOLDER, locked, put_aside, write_atomically
from holdfast.sync.older_file import OlderFile

VERSION = 1
MOST_SESSIONS = 100
"""How many it keeps; the one that was changed longest ago is forgotten first."""
FILE_NAME = "state.json"
_LOCK_NAME = "state.lock"
_ELSEWHERE = "Make the folder writable; the cache keeps the session's lease between commands."


@dataclasses.dataclass(frozen=True, kw_only=True)
class CachedClaim:
    """What a session holds, as the database said it last."""

    sd_key: str
    epoch: int
    token: UUID
    phase: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CachedSession:
    """A session that was started here, and its lease."""

    session_id: str
    venture_id: UUID
    epoch: int
    token: UUID
    claim: CachedClaim | None
    branch: str | None
    incarnation: str | None = None
    """The process that the lease was given to: an agent program that was started twice has one session and two of these."""
    updated_at: datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class CacheState:
    """What the cache says; where it cannot be read it says nothing, and `problem` says why."""

    sessions: tuple[CachedSession, ...] = ()
    problem: str | None = None

    def find(self, session_id: str, venture_id: UUID) -> CachedSession | None:
        """A session of a venture."""
        for session in self.sessions:
            if (session.session_id, session.venture_id) == (session_id, venture_id):
                return session
        return None


Change = Callable[[CachedSession | None], CachedSession | None]


class Cache:
    """The cache of one project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_project(cls, start: Path) -> Cache:
        """The cache of the project that a folder belongs to, else the user's own."""
        return cls(default_data_dir(start).parent)

    @property
    def file(self) -> Path:
        """Where it lies."""
        return self.folder / FILE_NAME

    def read(self) -> CacheState:
        """What it says now; a damaged one is told in `problem`, never raised."""
        try:
            text = self.file.read_bytes()
        except FileNotFoundError:
            return CacheState()
        except OSError as error:
            return CacheState(problem=f"{self.file} cannot be read: {error.strerror}.")
        try:
            return CacheState(sessions=_parse(text))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            return CacheState(problem=f"{self.file} is damaged: {_why(error)}.")

    def require_writable(self) -> None:
        """Refuse before anything is done whose result could then not be kept.

        Raises:
            HoldfastError: the folder cannot be written.
        """
        with (
            self._errors_told(),
            locked(self.folder, _LOCK_NAME),
            tempfile.TemporaryFile(dir=self.folder),
        ):
            pass

    def update(self, session_id: str, venture_id: UUID, change: Change) -> None:
        """Change what is kept of one session, whatever other processes do; a change to `None` forgets it.

        A damaged file is put aside, not deleted.

        Raises:
            HoldfastError: it cannot be written; what was there is there still.
        """
        with self._errors_told(), locked(self.folder, _LOCK_NAME):
            state = self.read()
            if state.problem is not None:
                put_aside(self.file)
            changed = change(state.find(session_id, venture_id))
            kept = [one for one in state.sessions if one.session_id != session_id]
            if changed is not None:
                kept.append(changed)
            kept.sort(key=lambda one: one.updated_at)
            write_atomically(self.file, _format(kept[-MOST_SESSIONS:]))
            self._tell_older_programs(session_id, changed)

    def _tell_older_programs(self, session_id: str, changed: CachedSession | None) -> None:
        older = OlderFile(self.folder.parent)
        if self.folder.name != PROJECT_FOLDER or not older.is_wanted:
            return
        with contextlib.suppress(
            HoldfastError
        ):  # a copy of a copy: `holdfast validate` tells where it differs
            if changed is None:
                older.forget(session_id)
            else:
                older.write(session_id, _older_fields(changed))

    @contextlib.contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise HoldfastError(
                f"The cache {self.file} cannot be written: {error.strerror}.", hint=_ELSEWHERE
            ) from error


def checksum(sessions: Any) -> str:
    """SHA-256 of all that is kept, whoever holds which lease: it tells a damaged file, not an old one.

    >>> checksum([])[:8]
    '4f53cda1'
    """
    canonical = json.dumps(sessions, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _format(sessions: list[CachedSession]) -> bytes:
    plain = [json.loads(json.dumps(dataclasses.asdict(one), default=_plain)) for one in sessions]
    by_id = {one["session_id"]: one for one in plain}
    whole = {"version": VERSION, "checksum": checksum(by_id), "sessions": by_id}
    return (json.dumps(whole, indent=2, ensure_ascii=True) + "\n").encode()


def _older_fields(session: CachedSession) -> dict[str, Any]:
    return {
        "currentSd": session.claim.sd_key if session.claim else None,
        "currentPhase": session.claim.phase if session.claim else None,
        "lastUpdatedAt": session.updated_at.isoformat(),
        "branch": session.branch,
    }


def _plain(value: UUID | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _parse(text: bytes) -> tuple[CachedSession, ...]:
    whole = json.loads(text)
    if not isinstance(whole, dict):
        raise ValueError("it is no JSON object")
    if whole.get("version") != VERSION:
        raise ValueError(f"its version is {whole.get('version')!r:.40}; expected {VERSION}")
    if whole["checksum"] != checksum(whole["sessions"]):
        raise ValueError("its checksum does not fit its contents")
    return tuple(_session(one) for one in whole["sessions"].values())


def _session(plain: dict[str, Any]) -> CachedSession:
    claim = plain["claim"]
    return CachedSession(
        session_id=str(plain["session_id"]),
        venture_id=UUID(plain["venture_id"]),
        epoch=int(plain["epoch"]),
        token=UUID(plain["token"]),
        claim=None if claim is None else CachedClaim(**claim | {"token": UUID(claim["token"])}),
        branch=plain["branch"],
        incarnation=plain["incarnation"],
        updated_at=datetime.fromisoformat(plain["updated_at"]),
    )


def _why(error: Exception) -> str:
    match error:
        case json.JSONDecodeError() | UnicodeDecodeError():
            return "it is not JSON"
        case KeyError():
            return f"{error} is missing"
        case RecursionError():
            return "it is nested too deeply"
    return str(error) or type(error).__name__
