"""`POST /rpc/{function}` and `/rest/v1/rpc/{function}`: any public function of the engine, with JSON arguments."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from holdfast.api.access import Caller, SomeCaller, named_venture, venture
from holdfast.api.gateway import gateway_of
from holdfast.api.postgrest.answers import json_text, rows_or_one
from holdfast.api.postgrest.refusals import PostgrestRoute
from holdfast.config import DEFAULT_VENTURE
from holdfast.engine.catalogue import Function
from holdfast.errors import InvalidValue, NotFound

router = APIRouter(prefix="/rpc", tags=["functions"])
postgrest_router = APIRouter(prefix="/rest/v1/rpc", tags=["functions"], route_class=PostgrestRoute)
_VENTURE = "p_venture_id"


@router.post("/{function}")
@postgrest_router.post("/{function}")
async def call(request: Request, who: SomeCaller, function: str) -> Response:
    """Call a function of the engine, with its arguments by name in the body.

    A function that gives rows answers with a list, one that gives a value with that, one that gives nothing with 204.
    """
    called = _function(request, function)
    arguments = _arguments(called, await _body(request))
    arguments |= await _meant_venture(request, who, called, arguments)
    body = await who.engine.call_with_json(called, arguments)
    match called.gives:
        case "nothing":
            return Response(status_code=204)
        case "rows":
            return rows_or_one(request, body or "[]")
    return json_text(body or "null")


def _function(request: Request, name: str) -> Function:
    functions = gateway_of(request).catalogue.functions
    if name not in functions:
        near = difflib.get_close_matches(name, functions, n=1)
        hint = f"Did you mean {near[0]}?" if near else "The reference lists them: docs/reference."
        raise NotFound(f"There is no function {name}.", hint=hint)
    return functions[name]


async def _body(request: Request) -> dict[str, Any]:
    text = await request.body()
    try:
        given = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"The body is not JSON: {error}.", hint="Send an object.") from error
    if not isinstance(given, dict):
        raise InvalidValue(
            "The body is not an object.", hint="Send the arguments by their names, in an object."
        )
    return given


def _arguments(function: Function, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments under their full names; `p_` may be left out."""
    named = {name if name.startswith("p_") else f"p_{name}": v for name, v in given.items()}
    unknown = [name for name in named if name not in function.arguments]
    if unknown:
        raise InvalidValue(
            f"{function.name} has no argument {unknown[0]}.",
            hint=f"It takes: {', '.join(function.arguments) or 'none'}.",
        )
    missing = [name for name in list(function.arguments)[: function.required] if name not in named]
    if missing:
        raise InvalidValue(
            f"{function.name} needs {', '.join(missing)}.", hint="Add it to the body."
        )
    return named


async def _meant_venture(
    request: Request, who: Caller, function: Function, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The venture that the request names beside the body, or that this server means when nobody names one."""
    is_named = named_venture(request) or gateway_of(request).settings.venture != DEFAULT_VENTURE
    if _VENTURE not in function.arguments or _VENTURE in arguments or not is_named:
        return {}
    return {_VENTURE: str(await venture(request, who))}
