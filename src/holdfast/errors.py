"""Every refusal and failure, in one hierarchy.

The engine refuses with SQLSTATEs of class ``HF``; `BY_SQLSTATE` is the one place where they become exceptions.
A class's docstring is its default message. The text of an error names the field, the value and what was
expected; `hint` is the next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class HoldfastError(Exception):
    """Something went wrong in Holdfast."""

    sqlstate: ClassVar[str | None] = None

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        self.hint = hint
        self.detail = dict(detail or {})
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The error's stable name, as `--json` prints it.

        >>> LeaseLost().code
        'LeaseLost'
        """
        return type(self).__name__


class Refused(HoldfastError):
    """The database refused the call; nothing was changed."""


class LeaseLost(Refused):
    """The lease is no longer yours: stop this work, another holder may be doing it."""

    sqlstate = "HF001"


class IllegalMove(Refused):
    """That state does not lead there."""

    sqlstate = "HF002"


class NotFound(Refused):
    """There is no such thing."""

    sqlstate = "HF003"


class AlreadyClaimed(Refused):
    """Another holder has it."""

    sqlstate = "HF004"


class InvalidValue(Refused):
    """A value is out of its range or of the wrong form."""

    sqlstate = "HF005"


class TooLarge(Refused):
    """A value is larger than its limit."""

    sqlstate = "HF006"


class NotAllowed(Refused):
    """Your role or your token does not allow this."""

    sqlstate = "HF007"


class AlreadyAnswered(Refused):
    """The question has its answer already."""

    sqlstate = "HF008"


class Conflict(Refused):
    """It changed since you read it."""

    sqlstate = "HF009"


class Blocked(Refused):
    """Something else has to be finished first."""

    sqlstate = "HF010"


class EvidenceMissing(Refused):
    """Done needs evidence: the verification has not run and passed."""

    sqlstate = "HF011"


class WorkFailed(HoldfastError):
    """The awaited work failed."""


class DatabaseError(HoldfastError):
    """The database could not do it."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached."""


class DatabaseTooOld(DatabaseError):
    """Holdfast needs PostgreSQL 15 or newer."""


class MissingRights(DatabaseError):
    """The database role lacks a right that Holdfast needs."""


class DiskFull(DatabaseUnavailable):
    """The disk that holds the database is full."""


class NotMigrated(DatabaseError):
    """The database has not been migrated to this version of Holdfast."""


class MigrationChanged(DatabaseError):
    """A migration that was applied has been changed since."""


class EmbeddedServerFailed(DatabaseError):
    """The embedded PostgreSQL server did not start."""


class TargetError(HoldfastError):
    """The database that is worked on could not do it."""


class TargetUnavailable(TargetError):
    """The database that is worked on cannot be reached."""


class TargetRefused(TargetError):
    """The database that is worked on refused it."""


class NotAuthenticated(HoldfastError):
    """Nobody knows who you are: a token is missing, or holds no longer."""


class TooManyRequests(HoldfastError):
    """More than your share in this time."""


class KeysUnavailable(HoldfastError):
    """The keys that tokens are signed with cannot be fetched."""


class AddressTaken(HoldfastError):
    """Another program listens there already."""


class ConfigError(HoldfastError):
    """The configuration is not valid."""


class LibraryMissing(HoldfastError, ImportError):
    """A library that this needs is not installed."""


class PlanError(HoldfastError):
    """The plan file is not valid."""


BY_SQLSTATE: Mapping[str, type[Refused]] = {
    error.sqlstate: error for error in Refused.__subclasses__() if error.sqlstate is not None
}
