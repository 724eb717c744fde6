"""Tags of what was read: `"SEQ-HASH"`. Who reads again is told whether anything differs; who writes, whether it has moved."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated

from fastapi import Header, Response
from pydantic import BaseModel

from holdfast.errors import InvalidValue

_TAG = re.compile(r'(?:W/)?"(\d{1,18})(?:-[0-9a-f]{1,64})?"')

IfNoneMatch = Annotated[
    str | None, Header(description="The ETag that you have; 304 if nothing differs.")
]
IfMatch = Annotated[
    str | None, Header(description="The ETag that you decided on; 412 if it has moved since.")
]


def tagged(body: BaseModel, seq: int, if_none_match: str | None) -> Response:
    """A body with its tag, or 304 without one.

    The part before the dash counts the events of its subject; the part after it tells apart also what changes
    without an event, such as a heartbeat.
    """
    text = body.model_dump_json().encode()
    tag = f'"{seq}-{hashlib.sha256(text).hexdigest()[:16]}"'
    known = {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(text, media_type="application/json", headers={"ETag": tag})


def expected_seq(if_match: str | None) -> int | None:
    """The event that a writer has seen last.

    >>> expected_seq('"7-0c1d"'), expected_seq("*")
    (7, None)
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidValue(
            f"If-Match = {if_match[:100]!r} is no ETag of this server.",
            hint="Send one ETag as it came with what you read.",
        )
    return int(found[1])
