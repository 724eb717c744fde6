"""Answers whose JSON text comes from the database, as rows or, where the client wants just one, as that one."""

from __future__ import annotations

import json

from fastapi import Request, Response

from holdfast.api.postgrest.refusals import refusal

_ONE = "application/vnd.pgrst.object"


def json_text(body: str, status: int = 200) -> Response:
    """JSON that is text already."""
    return Response(body, status, media_type="application/json")


def rows_or_one(request: Request, body: str, status: int = 200) -> Response:
    """The rows; or the one row, where the client asks for one: then any other number is refused."""
    if _ONE not in request.headers.get("accept", ""):
        return json_text(body, status)
    rows = json.loads(body)
    if len(rows) != 1:
        return refusal(
            406,
            code="PGRST116",
            message="Cannot coerce the result to a single JSON object",
            details=f"The result contains {len(rows)} rows",
        )
    return json_text(json.dumps(rows[0]))
