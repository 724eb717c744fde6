"""Which door an address means: PostgreSQL itself, or a server in front of it."""

from __future__ import annotations

from holdfast.config import Settings, is_server
from holdfast.engine.calls import Engine
from holdfast.engine.postgres import PostgresEngine


def engine_at(url: str, settings: Settings) -> Engine:
    """The engine at an address; it is not open yet."""
    if not is_server(url):
        return PostgresEngine(url, settings=settings)
    # Who has the database at hand need not load what speaks HTTP.
    from holdfast.engine.http import HttpEngine  # noqa: PLC0415

    return HttpEngine(url, settings=settings)
