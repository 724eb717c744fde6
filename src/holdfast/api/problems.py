"""Errors as clients get them: `application/problem+json` (RFC 9457), with our codes and the next step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from holdfast import errors
from holdfast.errors import HoldfastError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
# The nearest class of an error's decides.
STATUS: Mapping[type[HoldfastError], int] = {
    errors.NotFound: 404,
    errors.LeaseLost: 409,
    errors.IllegalMove: 409,
    errors.AlreadyClaimed: 409,
    errors.AlreadyAnswered: 409,
    errors.Blocked: 409,
    errors.EvidenceMissing: 409,
    errors.Conflict: 409,
    errors.InvalidValue: 422,
    errors.PlanError: 422,
    errors.TooLarge: 413,
    errors.NotAllowed: 403,
    errors.NotAuthenticated: 401,
    errors.TooManyRequests: 429,
    errors.KeysUnavailable: 503,
    errors.DatabaseUnavailable: 503,
    errors.HoldfastError: 500,
}


def problem_of(error: HoldfastError) -> JSONResponse:
    """The answer for an error."""
    status = status_of(error)
    response = problem(
        status,
        title=(type(error).__doc__ or "").splitlines()[0],
        detail=error.message,
        code=error.sqlstate or error.code,
        anchor=error.code,
        hint=error.hint,
        errors=error.detail or None,
    )
    response.headers.update(_headers(error, status))
    return response


def status_of(error: HoldfastError) -> int:
    """The HTTP status that tells of an error.

    >>> status_of(errors.LeaseLost()), status_of(errors.NotMigrated())
    (409, 500)
    """
    if isinstance(error, errors.Conflict) and "expected_seq" in error.detail:
        return 412  # the caller said what it had seen
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(
    status: int,
    *,
    detail: str,
    code: str,
    title: str | None = None,
    anchor: str | None = None,
    hint: str | None = None,
    errors: Any = None,
) -> JSONResponse:
    """One problem; what is not known is left out."""
    told = {
        "type": f"/errors#{_kebab(anchor)}" if anchor else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint,
        "errors": jsonable_encoder(errors),
    }
    given = {name: value for name, value in told.items() if value is not None}
    return JSONResponse(given, status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every error of an app's routes told as a problem."""
    app.add_exception_handler(HoldfastError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HoldfastError)
    return problem_of(error)


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = {".".join(map(str, one["loc"])): one["msg"] for one in error.errors()}
    told = "; ".join(f"{place}: {what}" for place, what in wrong.items())
    return problem(
        422,
        title="The request is not of the expected form.",
        detail=f"{told}.",
        code="HF005",
        anchor="InvalidValue",
        hint="Correct the request; /api/v1/openapi.json describes each of them.",
        errors=wrong,
    )


async def _on_http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    response = problem(error.status_code, detail=error.detail, code=f"HTTP{error.status_code}")
    response.headers.update(error.headers or {})
    return response


def _headers(error: HoldfastError, status: int) -> dict[str, str]:
    match status:
        case 401:
            return {"WWW-Authenticate": 'Bearer realm="holdfast"'}
        case 429 | 503:
            seconds = error.detail.get("retry_after_seconds", RETRY_AFTER_SECONDS)
            return {"Retry-After": str(seconds)}
    return {}


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
