"""What the routes of one server share."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from starlette.requests import HTTPConnection

from holdfast.api.credentials.cookies import Cookies
from holdfast.api.credentials.jwt import Verifier
from holdfast.api.limits import Limits
from holdfast.config import Settings
from holdfast.engine.catalogue import Catalogue
from holdfast.engine.postgres import PostgresEngine


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gateway:
    """One server: its settings, its database, and what it knows callers by."""

    settings: Settings
    engine: PostgresEngine
    catalogue: Catalogue
    verifier: Verifier
    cookies: Cookies
    limits: Limits
    stopping: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    """Set before connections are closed, so that whoever holds one open can say goodbye."""
    parts: dict[type[Any], Any] = dataclasses.field(default_factory=dict)
    """What other packages keep running beside the routes, by type; see `routes.LIFESPANS`."""


def gateway_of(connection: HTTPConnection) -> Gateway:
    """The gateway that a request came to."""
    found: Gateway = connection.app.state.gateway
    return found
