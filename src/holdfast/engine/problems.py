"""What a server's refusals mean: the same exceptions as the database's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from holdfast import errors
from holdfast.errors import HoldfastError

TRY_LATER = 429
_AWAY = (502, 503, 504)


def error_of(response: httpx2.Response, url: str) -> HoldfastError:
    """The exception that a response tells of."""
    told = _told(response)
    kind = _BY_CODE.get(str(told.get("code")))
    if kind is not None:
        detail = told.get("errors")
        return kind(
            told.get("detail"),
            hint=told.get("hint"),
            detail=detail if isinstance(detail, dict) else None,
        )
    what = f"The server at {url} answered {response.status_code}: {told.get('detail') or response.reason_phrase}."
    if response.status_code in _AWAY:
        return errors.DatabaseUnavailable(what, hint="Try again when the server is back.")
    return errors.DatabaseError(
        what.replace("..", "."),
        hint=told.get("hint") or "Check HOLDFAST_URL, and look into the server's log.",
    )


def retry_after_seconds(response: httpx2.Response) -> float:
    """For how long the server wants to be left alone."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "1")))
    except ValueError:
        return 1.0


def _told(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        told = response.json()
    except ValueError:  # not ours, such as a proxy's page
        return {}
    return told if isinstance(told, dict) else {}


def _below(kind: type[HoldfastError]) -> Iterator[type[HoldfastError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


_BY_CODE: Mapping[str, type[HoldfastError]] = {
    one.sqlstate or one.__name__: one
    for one in _below(HoldfastError)
    if one.__module__ == errors.__name__
}
