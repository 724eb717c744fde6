"""Refusals in the form that PostgREST has them in, which supabase-js reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from holdfast.api.problems import problem_of, status_of
from holdfast.errors import HoldfastError


class PostgrestRoute(APIRoute):
    """A route whose errors are `{code, message, details, hint}`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its errors told in that form."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except HoldfastError as error:
                return refusal_of(error)

        return handled


def refusal_of(error: HoldfastError) -> JSONResponse:
    """The answer for an error."""
    response = refusal(
        status_of(error),
        code=error.sqlstate or error.code,
        message=error.message,
        details=json.dumps(error.detail, default=str) if error.detail else None,
        hint=error.hint,
    )
    for name in ("www-authenticate", "retry-after"):
        value = problem_of(error).headers.get(name)
        if value is not None:
            response.headers[name] = value
    return response


def refusal(
    status: int, *, code: str, message: str, details: str | None = None, hint: str | None = None
) -> JSONResponse:
    """One refusal."""
    told = {"code": code, "message": message, "details": details, "hint": hint}
    return JSONResponse(told, status)
