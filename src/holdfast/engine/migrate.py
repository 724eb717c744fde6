"""Migrations: numbered files with a ledger, and definitions that are replaced whenever their text changes.

All of it happens in one transaction under one advisory lock, so any number of processes may migrate at once, and
a failure leaves the database as it was.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from holdfast.engine import texts
from holdfast.engine.connections import Connection
from holdfast.errors import MigrationChanged, NotMigrated

LOCK = "select pg_advisory_xact_lock(hashtextextended('holdfast.migrate', 0))"
# Names in definitions are compared as text: they must not depend on who looks.
PLAIN_PATH = "set local search_path = pg_catalog"
# What only migrations change; all else is defined anew.
_TABLES = ("table ", "constraint ", "index ", "type ")
_PARTITIONS = "select holdfast.ensure_partitions()"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Status:
    """What of Holdfast a database has."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    changed: tuple[str, ...]
    """Applied migrations whose file says something else now."""
    outdated: bool
    """Whether functions, views and policies are of another version."""
    drifted: tuple[str, ...]
    """Objects that somebody has changed in the database by hand."""

    @property
    def is_current(self) -> bool:
        """Whether everything is applied and nothing has drifted."""
        return not (self.pending or self.changed or self.outdated or self.drifted)


async def status(connection: Connection) -> Status:
    """Compare a database with this version of Holdfast; changes nothing."""
    async with connection.transaction(readonly=True):
        await connection.execute(PLAIN_PATH)
        return await _status(connection)


async def migrate(connection: Connection) -> Status:
    """Bring a database up to this version; returns the status that it found.

    Raises:
        MigrationChanged: an applied migration's file has been changed since.
    """
    # Read committed: who waited for the lock must see what the one before it did.
    async with connection.transaction(isolation="read_committed"):
        await connection.execute(LOCK)
        await connection.execute(texts.ledger())
        await connection.execute(PLAIN_PATH)
        found = await _status(connection)
        if found.is_current:
            return found
        _refuse_changed(found)
        before = await _fingerprint(connection)
        for migration in _pending(found):
            await connection.execute(migration.text)
            await connection.execute(
                "insert into holdfast.migrations (number, name, checksum) values ($1, $2, $3)",
                migration.number,
                migration.name,
                migration.checksum,
            )
        await _define(connection, before)
    return found


async def is_current(connection: Connection) -> bool:
    """Whether the ledger says that this very version is applied: one cheap look, without looking for drift."""
    if await connection.fetchval("select to_regclass('holdfast.definitions') is null"):
        return False
    checksum = await connection.fetchval("select checksum from holdfast.definitions")
    newest = await connection.fetchval("select max(number) from holdfast.migrations")
    return bool(
        checksum == texts.definitions_checksum() and newest == texts.migrations()[-1].number
    )


def script() -> str:
    """Everything as one SQL text for a dashboard's SQL editor, ledger rows included.

    It holds no transaction commands: run it as one transaction, as SQL editors and `psql --single-transaction` do.
    """
    rows = ",\n".join(f"    ({m.number}, '{m.name}', '{m.checksum}')" for m in texts.migrations())
    parts = [
        "-- Holdfast. Run this as one transaction, into a database that has no Holdfast yet.",
        "set check_function_bodies = off;",
        "set search_path = pg_catalog;",
        texts.ledger(),
        *(migration.text for migration in texts.migrations()),
        texts.undefine(),
        texts.definitions(),
        f"{_PARTITIONS};",
        f"insert into holdfast.migrations (number, name, checksum) values\n{rows};",
        "insert into holdfast.definitions (checksum, fingerprint)\n"
        f"select '{texts.definitions_checksum()}', f.fingerprint from (\n{texts.query('fingerprint')}) as f;",
        "reset search_path;",
        "reset check_function_bodies;",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


async def _status(connection: Connection) -> Status:
    exists = await connection.fetchval("select to_regclass('holdfast.definitions') is not null")
    ledger: dict[int, str] = {}
    recorded: Any = None
    if exists:
        rows = await connection.fetch("select number, checksum from holdfast.migrations")
        ledger = {row["number"]: row["checksum"] for row in rows}
        recorded = await connection.fetchrow(
            "select checksum, fingerprint from holdfast.definitions"
        )
        _refuse_newer(max(ledger, default=0))
    known = texts.migrations()
    return Status(
        applied=tuple(_label(m) for m in known if m.number in ledger),
        pending=tuple(_label(m) for m in known if m.number not in ledger),
        changed=tuple(
            _label(m) for m in known if m.number in ledger and ledger[m.number] != m.checksum
        ),
        outdated=recorded is None or recorded["checksum"] != texts.definitions_checksum(),
        drifted=await _drifted(connection, recorded["fingerprint"]) if recorded else (),
    )


async def _drifted(connection: Connection, recorded: dict[str, str]) -> tuple[str, ...]:
    live = await _fingerprint(connection)
    names = recorded.keys() | live.keys()
    return tuple(sorted(name for name in names if recorded.get(name) != live.get(name)))


async def _fingerprint(connection: Connection) -> dict[str, str]:
    fingerprint: dict[str, str] = await connection.fetchval(texts.query("fingerprint"))
    return fingerprint


async def _define(connection: Connection, before: dict[str, str]) -> None:
    """Replace functions, views and policies, and note how everything looks now."""
    await connection.execute("set local check_function_bodies = off")
    await connection.execute(texts.undefine())
    await connection.execute(texts.definitions())
    await connection.execute(_PARTITIONS)
    recorded = await connection.fetchval("select fingerprint from holdfast.definitions") or {}
    fingerprint = _recorded(recorded, before, await _fingerprint(connection))
    await connection.execute(
        "insert into holdfast.definitions (checksum, fingerprint) values ($1, $2) on conflict (only_row) do update"
        " set checksum = excluded.checksum, fingerprint = excluded.fingerprint, applied_at = now()",
        texts.definitions_checksum(),
        fingerprint,
    )


def _recorded(
    recorded: dict[str, str], before: dict[str, str], after: dict[str, str]
) -> dict[str, str]:
    """How everything must look from now on.

    What stands in a table's own text and was not touched just now keeps its old record: migrating must
    not make a table that somebody changed by hand look right.
    """
    if not recorded:
        return after
    kept = {
        name
        for name in recorded.keys() | before.keys() | after.keys()
        if name.startswith(_TABLES) and before.get(name) == after.get(name)
    }
    return {name: v for name, v in after.items() if name not in kept} | {
        name: v for name, v in recorded.items() if name in kept
    }


def _pending(found: Status) -> list[texts.Migration]:
    return [m for m in texts.migrations() if _label(m) in found.pending]


def _refuse_newer(newest_applied: int) -> None:
    """An older Holdfast must not put its older functions over a newer one's tables."""
    newest_known = texts.migrations()[-1].number
    if newest_applied > newest_known:
        raise NotMigrated(
            f"The database has migration {newest_applied:04d}; this Holdfast knows {newest_known:04d} as the newest.",
            hint="Use a Holdfast that is at least as new as the database.",
        )


def _refuse_changed(found: Status) -> None:
    if found.changed:
        raise MigrationChanged(
            f"{', '.join(found.changed)} was applied to this database and its file has been changed since.",
            hint="Restore the file and put the change into a new migration.",
            detail={"changed": json.dumps(found.changed)},
        )


def _label(migration: texts.Migration) -> str:
    return f"{migration.number:04d}_{migration.name}"
