"""How the OpenAPI document tells of problems."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from holdfast.api.problems import MEDIA_TYPE


class Problem(BaseModel):
    """Why a request was refused (RFC 9457), with our code and the next step."""

    type: str = Field(examples=["/errors#lease-lost"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["HF001"])
    hint: str | None = None
    errors: Any = None


_WHEN = {
    400: "The request is not HTTP as it should be.",
    401: "Nobody whom we know.",
    403: "Your role does not allow it, or the venture is not yours.",
    404: "There is no such thing.",
    409: "Its state, or somebody's lease, does not allow it.",
    412: "It has moved since you read it.",
    413: "The body is too large.",
    422: "A value is out of its range or of the wrong form.",
    429: "Too many updates; `Retry-After` says when to go on.",
    503: "The database is away; `Retry-After` says when to try again.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"model": Problem, "description": _WHEN[status], "content": content}
        for status in statuses
    }


ANY = problems(400, 401, 403, 422, 503)
READING = ANY | problems(404)
WRITING = READING | problems(409, 412, 413, 429)
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "It is as you have it."}}
ONE = READING | UNCHANGED


def resource(prefix: str, *, tag: str) -> APIRouter:
    """A router whose operations are named as their functions are."""
    return APIRouter(prefix=prefix, tags=[tag], generate_unique_id_function=_name_of)


def _name_of(route: APIRoute) -> str:
    return route.name
