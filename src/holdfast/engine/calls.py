"""What every way to the database offers: calls of the engine's functions, and named queries."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Protocol


class Row(Protocol):
    """A row, wherever it came from: by name or place, iterating over values."""

    def __getitem__(self, key: Any, /) -> Any: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __contains__(self, name: object, /) -> bool: ...
    def get(self, name: str, default: Any = None, /) -> Any:
        """A value by its name."""

    def keys(self) -> Iterator[str]:
        """The names of the columns."""
        ...

    def values(self) -> Iterator[Any]:
        """The values, in the order of the columns."""
        ...

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names with values."""
        ...


# A beat changes nothing that anybody waits for, and what is stable changes nothing at all.
QUIET = frozenset(
    """
    renew_leases reap ensure_partitions ventures_with_work
    approval_of check_api_token find_tool_call get_active_auto_proceed_session get_auto_proceed_summary get_session_context
    get_supervisor_state_for_restoration get_supervisors_with_pending_questions load_checkpoint preview_restoration
    validate_spawned_tasks
    """.split()  # noqa: SIM905 - a list of words
)
# These look, and change something only where they find something: if an empty look rang, it would wake whoever looks.
_LOOKS = frozenset({"claim_executions", "claim_supervisors", "claim_drift_checks", "advance_plan"})


def is_heard(function: str, rows: Sequence[object]) -> bool:
    """Whether a call that gave these rows may have changed what somebody waits for."""
    return function not in QUIET and (bool(rows) or function not in _LOOKS)


class Calls(ABC):
    """Calls of the engine's functions. When one returns, its change is on disk."""

    @abstractmethod
    async def call(self, function: str, /, **arguments: Any) -> list[Row]:
        """Call `holdfast.<function>` with named arguments, without their `p_`.

        Raises:
            Refused: the database refused; nothing was changed.
            DatabaseError: the database could not do it.
        """

    @abstractmethod
    async def read(self, query: str, /, *arguments: Any) -> list[Row]:
        """Run the named query `sql/queries/<query>.sql`."""

    async def call_row(self, function: str, /, **arguments: Any) -> Row:
        """Call a function that answers with one row."""
        rows = await self.call(function, **arguments)
        assert len(rows) == 1, f"{function} gave {len(rows)} rows"
        return rows[0]

    async def call_value(self, function: str, /, **arguments: Any) -> Any:
        """Call a function that answers with one value."""
        return (await self.call_row(function, **arguments))[0]


class Engine(Calls):
    """A way to the database that is opened and closed."""

    url: str
    """Where it leads."""
    ventures: tuple[str, ...] = ()
    """The slugs of those that a token may see, where it is open and wants one."""

    @abstractmethod
    async def open(self) -> None:
        """Connect; opening twice is safe."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect; closing twice is safe."""


@functools.cache
def call_statement(function: str, names: tuple[str, ...]) -> str:
    """The statement of a call.

    >>> call_statement("release_supervisor", ("supervisor_id", "reason"))
    'select * from holdfast.release_supervisor(p_supervisor_id => $1, p_reason => $2)'
    """
    arguments = ", ".join(f"p_{name} => ${i}" for i, name in enumerate(names, start=1))
    return f"select * from holdfast.{function}({arguments})"
