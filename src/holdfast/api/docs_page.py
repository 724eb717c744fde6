"""`/api/docs`: the OpenAPI document to read and to try, from files of this package; no other host is asked."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from holdfast.api.pages import FOLDER, NOT_BUILT

PATH = "/api/docs"
_PAGE = FOLDER / "swagger" / "index.html"
# Its pictures are in its style sheet, and it sets styles of elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def install(app: FastAPI) -> None:
    """Serve the page; it must come before the dashboard's."""
    app.router.routes.append(Route(PATH, _docs, include_in_schema=False))


async def _docs(_: Request) -> HTMLResponse:
    if not _PAGE.is_file():
        return HTMLResponse(NOT_BUILT, status_code=HTTPStatus.NOT_FOUND)
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
    return HTMLResponse(_PAGE.read_text(encoding="utf-8"), headers=headers)
