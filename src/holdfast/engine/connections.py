"""Connections to PostgreSQL: how they are opened, what travels over them, and what their failures mean."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import asyncpg

from holdfast import errors
from holdfast.config import Settings

OLDEST_SERVER = 15
APPLICATION_NAME = "holdfast"

_Result = TypeVar("_Result")


if TYPE_CHECKING:  # only the stubs know that a connection is generic
    _Base = asyncpg.Connection[asyncpg.Record]
else:
    _Base = asyncpg.Connection


class Connection(_Base):
    """A connection that carries no state between calls, so giving it back needs no round trip."""

    def get_reset_query(self) -> str:
        """Nothing to reset: the engine's calls leave neither settings nor locks nor listeners behind."""
        return ""


async def connect(url: str, settings: Settings) -> Connection:
    """Open one connection outside a pool.

    Raises:
        DatabaseUnavailable: nobody answers, or the answer is no.
        DatabaseTooOld: the server is older than PostgreSQL 15.
    """
    connection: Connection = await translated(
        lambda: asyncpg.connect(url, **connect_arguments(settings)), url
    )
    try:
        await translated(lambda: prepare(connection), url)
        refuse_old_server(connection)
    except BaseException:
        connection.terminate()  # closing politely would wait for a server that may be gone
        raise
    return connection


def connect_arguments(settings: Settings) -> dict[str, Any]:
    """What every connection is opened with."""
    return {
        "timeout": settings.connect_timeout_seconds,
        "connection_class": Connection,
        "statement_cache_size": 256 if settings.prepared_statements else 0,
        "server_settings": {"application_name": APPLICATION_NAME},
    }


async def prepare(connection: Connection) -> None:
    """Let JSON travel as Python values."""
    for name in ("jsonb", "json"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=encode_json, decoder=json.loads
        )


_JSON = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def encode_json(value: object) -> str:
    """A value as JSON text; raises `InvalidValue` for what is not JSON, naming where it stands.

    >>> encode_json({"a": [1, None]})
    '{"a":[1,null]}'
    """
    try:
        return _JSON.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        place = _not_json(value, "value") or f"value: {error}"
        raise errors.InvalidValue(
            f"{place} is not JSON.",
            hint="Give dicts with text keys, lists, text, finite numbers, true, false or null.",
        ) from None


def _not_json(value: object, place: str) -> str | None:
    """Where in a value something stands that JSON has no word for."""
    match value:
        case None | bool() | int() | str():
            return None
        case float():
            return None if math.isfinite(value) else f"{place} = {value!r}"
        case list() | tuple():
            found = (_not_json(item, f"{place}[{i}]") for i, item in enumerate(value))
        case dict():
            found = (_not_json(item, f"{place}[{key!r}]") for key, item in value.items())
        case _:
            return f"{place} = {value!r:.80} ({type(value).__name__})"
    return next((place for place in found if place is not None), None)


def refuse_old_server(connection: Connection) -> None:
    """Refuse a server that lacks what the engine's SQL needs."""
    if connection.get_server_version().major < OLDEST_SERVER:
        version = connection.get_settings().server_version
        raise errors.DatabaseTooOld(
            f"The server runs PostgreSQL {version}; Holdfast needs {OLDEST_SERVER} or newer.",
            hint="Name a newer server in HOLDFAST_DATABASE_URL, or unset it to use the embedded one.",
        )


DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    ValueError,
)
"""Everything that the driver raises when the database refuses, fails or is away."""


async def translated(action: Callable[[], Awaitable[_Result]], url: str | None = None) -> _Result:
    """Do something on the database; its refusals and failures come out as Holdfast's errors."""
    try:
        return await action()
    except DRIVER_ERRORS as error:
        raise as_holdfast_error(error, url) from error


def as_holdfast_error(error: Exception, url: str | None) -> errors.HoldfastError:
    """The exception for what the driver raised."""
    if isinstance(
        error.__cause__, errors.HoldfastError
    ):  # the driver wraps what our encoder refused
        return error.__cause__
    match error:
        case asyncpg.PostgresError():
            return translate(error)
        case asyncpg.DataError():  # the driver itself cannot send the value
            return errors.InvalidValue(f"{error}", hint="Give a value of that type.")
        case asyncpg.InterfaceError() if "arguments for this query" in str(error):
            return errors.InvalidValue(f"{error}", hint="Give as many as the query has.")
    return unavailable(error, url)


def translate(error: asyncpg.PostgresError) -> errors.HoldfastError:
    """The exception for what PostgreSQL answered; our own refusals are looked up by SQLSTATE."""
    sqlstate = error.sqlstate or ""
    message = error.message or str(error)
    if sqlstate in errors.BY_SQLSTATE:
        detail = json.loads(error.detail) if error.detail else {}
        return errors.BY_SQLSTATE[sqlstate](message, hint=error.hint or None, detail=detail)
    match sqlstate:
        case "53100":
            return errors.DiskFull(
                f"The disk is full: {message}.",
                hint="Free some space; nothing that was acknowledged is lost.",
            )
        case "42501":
            return errors.MissingRights(
                f"The database role may not do this: {message}.",
                hint="Connect as the owner of the schema holdfast; to migrate, as a role that owns the database and"
                " may create the roles anon, authenticated and service_role.",
            )
        case "42P01" | "42883" | "3F000" | "42703" if "holdfast" in message:
            return errors.NotMigrated(f"{message}.", hint="Run: holdfast db migrate")
        case (
            "28000"
            | "28P01"
            | "3D000"
            | "53300"
            | "57P01"
            | "57P02"
            | "57P03"
            | "08006"
            | "08003"
            | "08001"
        ):
            return errors.DatabaseUnavailable(f"The server answered: {message}.", hint=_URL_HINT)
        case "40001" | "40P01" | "53200" | "53400" | "58030":
            return errors.DatabaseUnavailable(
                f"The server cannot do it now: {message}.",
                hint="Try again; if it stays so, look into the server's log.",
            )
        case "25006":
            return errors.DatabaseUnavailable(
                f"The server takes no changes: {message}.",
                hint="It is a standby, or was set read-only. Name the primary in HOLDFAST_DATABASE_URL; of several hosts,"
                " target_session_attrs=read-write finds it.",
            )
    if sqlstate[:2] in ("22", "23"):
        return errors.InvalidValue(f"{message}.".replace("..", "."), detail=_constraint(error))
    return errors.DatabaseError(
        f"{message} (SQLSTATE {sqlstate}).", hint="Look into the server's log."
    )


_URL_HINT = "Check HOLDFAST_DATABASE_URL, or unset it to use the embedded server."


def unavailable(error: BaseException, url: str | None) -> errors.DatabaseUnavailable:
    """The exception for a server that cannot be reached; the address is told without its password."""
    where = f" at {without_password(url)}" if url else ""
    what = str(error) or type(error).__name__
    return errors.DatabaseUnavailable(
        f"The database{where} cannot be reached: {what}.", hint=_URL_HINT
    )


def without_password(url: str) -> str:
    """An address as it may be shown."""
    try:
        parts = urlsplit(url)
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        # urlsplit forgets the empty host of a socket's address
        shown = shown if "://" in shown else shown.replace(":/", ":///", 1)
        return re.sub(r"([?&]password=)[^&]*", r"\1***", shown)
    except ValueError:
        return "the given address"


def _constraint(error: asyncpg.PostgresError) -> dict[str, Any]:
    name = getattr(error, "constraint_name", None)
    return {"constraint": name} if name else {}
