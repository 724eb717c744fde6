"""Signing a browser in by the link that `holdfast up` prints, and out again."""

from __future__ import annotations

import html

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from holdfast.api.access import SomeCaller
from holdfast.api.credentials import cookies, tickets
from holdfast.api.gateway import gateway_of
from holdfast.errors import NotAuthenticated

router = APIRouter(include_in_schema=False)
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Holdfast</title>
<body><main><h1>This link is no longer good</h1><p>{told}</p><p>Get a new one with: <code>holdfast sign-in</code></p></main>"""


@router.get("/sign-in")
async def sign_in(request: Request, ticket: str = "") -> Response:
    """Take a sign-in ticket, and give the browser its cookie."""
    gateway = gateway_of(request)
    try:
        identity = await tickets.redeem(gateway.engine, ticket, "sign-in")
    except NotAuthenticated as error:
        return HTMLResponse(_PAGE.format(told=html.escape(error.message)), status_code=401)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        cookies.NAME,
        gateway.cookies.make(identity),
        max_age=cookies.LIFETIME_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/sign-out", status_code=204)
async def sign_out(_: SomeCaller) -> Response:
    """Take the browser's cookie away."""
    response = Response(status_code=204)
    response.delete_cookie(cookies.NAME, httponly=True, samesite="strict")
    return response
