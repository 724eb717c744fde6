"""`.claude/auto-proceed-state.json`, the cache's older format, kept for the programs that read it.

Its fields at the top are those of the session that was changed last; those of each session stand under `sessions`. Keys
that it does not know stay as they are.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdfast.errors import HoldfastError
from holdfast.sync.files import locked, put_aside, write_atomically

FOLDER = ".claude"
FILE_NAME = "auto-proceed-state.json"
_LOCK_NAME = "auto-proceed-state.lock"
FIELDS = (
    "currentSd",
    "currentPhase",
    "currentTask",
    "isActive",
    "wasInterrupted",
    "lastUpdatedAt",
    "branch",
    "auto_proceed",
    "chain_orchestrators",
)
"""What it knows: `execution_state`'s fields, then those that stand beside it in a session's metadata."""
MOST_SESSIONS = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class OlderState:
    """What the file says of one session."""

    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Empty where it says nothing of the session."""
    problem: str | None = None
    """Why it cannot be read."""


class OlderFile:
    """The file of one project; without its folder `.claude` there is none, and none is made."""

    def __init__(self, project: Path) -> None:
        self._project = project
        self.file = project / FOLDER / FILE_NAME

    @property
    def is_wanted(self) -> bool:
        """Whether the project has the folder."""
        try:
            return self.file.parent.is_dir()
        except OSError:  # a folder above is closed to us
            return False

    def read(self, session_id: str) -> OlderState:
        """What it says of a session; a damaged one is told in `problem`, never raised."""
        try:
            return OlderState(fields=_fields_of(self._whole(), session_id))
        except FileNotFoundError:
            return OlderState()
        except OSError as error:
            return OlderState(problem=f"{self.file} cannot be read: {error.strerror}.")
        except (ValueError, RecursionError):
            return OlderState(problem=f"{self.file} is damaged: it is no JSON object.")

    def write(self, session_id: str, fields: Mapping[str, Any]) -> None:
        """Change fields of one session; what others have written beside them stays.

        Raises:
            HoldfastError: it cannot be written; what was there is there still.
        """
        known = {name: value for name, value in fields.items() if name in FIELDS}
        with self._changed() as whole:
            sessions, own = _sessions(whole), {**_fields_of(whole, session_id), **known}
            sessions.pop(session_id, None)
            sessions[session_id] = own  # the one that was changed last stands last
            for name in FIELDS:  # another session's may be there
                whole.pop(name, None)
            whole.update({**own, "sessionId": session_id})
            whole["sessions"] = dict(list(sessions.items())[-MOST_SESSIONS:])

    def forget(self, session_id: str) -> None:
        """The session is over: nothing is current any more; raises as `write` does."""
        with self._changed() as whole:
            sessions = _sessions(whole)
            sessions.pop(session_id, None)
            whole["sessions"] = sessions
            if whole.get("sessionId") == session_id:
                del whole["sessionId"]
                whole.update({"currentSd": None, "currentPhase": None, "isActive": False})

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, Any]]:
        """What is in it, under the lock; it is written when the block ends, unless nothing was changed."""
        try:
            with locked(self._project / ".holdfast", _LOCK_NAME):
                whole = self._whole_or_aside()
                before = json.dumps(whole)
                yield whole
                if json.dumps(whole) != before:
                    write_atomically(self.file, json.dumps(whole, indent=2).encode() + b"\n")
        except OSError as error:
            raise HoldfastError(
                f"{self.file} cannot be written: {error.strerror}.",
                hint="Make the folder writable; programs that know the older format read it.",
            ) from error

    def _whole(self) -> dict[str, Any]:
        whole = json.loads(self.file.read_bytes())
        if not isinstance(whole, dict):
            raise ValueError
        return whole

    def _whole_or_aside(self) -> dict[str, Any]:
        try:
            return self._whole()
        except FileNotFoundError:
            return {}
        except (ValueError, RecursionError):
            put_aside(self.file)
            return {}


def _fields_of(whole: Mapping[str, Any], session_id: str) -> dict[str, Any]:
    """What it says of a session. What an older program wrote names none: it has one session, the one that is asked for."""
    if "sessionId" not in whole and "sessions" not in whole:
        return _at_top(whole)
    return _sessions(whole).get(session_id, {})


def _sessions(whole: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What it says of each session; an older program writes the newest one's at the top only."""
    found = whole.get("sessions")
    sessions = {
        session_id: fields
        for session_id, fields in (found.items() if isinstance(found, dict) else ())
        if isinstance(fields, dict)
    }
    newest = whole.get("sessionId")
    if isinstance(newest, str):
        sessions[newest] = {**sessions.get(newest, {}), **_at_top(whole)}
    return sessions


def _at_top(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {name: whole[name] for name in FIELDS if name in whole}
