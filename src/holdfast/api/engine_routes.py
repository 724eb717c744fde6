"""The engine over HTTP, for Holdfast's own client: the same calls and reads, with the caller's rights."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query
from starlette.responses import Response

from holdfast.api.access import SomeCaller
from holdfast.engine.connections import encode_json
from holdfast.engine.public import require_names, require_readable
from holdfast.engine.wire import pack_rows, unpack
from holdfast.errors import InvalidValue

router = APIRouter(prefix="/api/v1/engine", tags=["engine"])

_PackedArguments = Annotated[dict[str, tuple[str, Any]], Body(embed=True)]
_Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


@router.post("/call/{function}")
async def call(
    function: str, arguments: _PackedArguments, who: SomeCaller, key: _Key = None
) -> Response:
    """Call a public function; with a key it is done once, however often it is sent."""
    require_names(function, arguments)
    values = {name: unpack(*packed) for name, packed in arguments.items()}
    if key is None:
        rows = await who.engine.call(function, **values)
    else:
        rows = await who.engine.call_once(key, function, **values)
    return _answer(rows)


@router.get("/read/{query}")
async def read(query: str, who: SomeCaller, arguments: Annotated[str, Query()] = "[]") -> Response:
    """Run a named query under row-level security; its arguments are a JSON array of `[type, value]`."""
    require_readable(query)
    return _answer(await who.engine.read(query, *_arguments(arguments)))


def _arguments(text: str) -> list[Any]:
    try:
        return [unpack(name, value) for name, value in json.loads(text)]
    except (ValueError, TypeError):
        raise InvalidValue(
            "arguments is no JSON array of [type, value].", hint="Send them as pack() does."
        ) from None


def _answer(rows: list[Any]) -> Response:
    return Response(encode_json(pack_rows(rows)), media_type="application/json")
