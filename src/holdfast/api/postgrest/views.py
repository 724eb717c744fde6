"""`GET /rest/v1/{view}`: the views and tables, under row-level security, with PostgREST's simple filters."""

from __future__ import annotations

import dataclasses
import difflib

from fastapi import APIRouter, Request, Response

from holdfast.api.access import SomeCaller, named_venture, venture
from holdfast.api.gateway import gateway_of
from holdfast.api.postgrest import parsing
from holdfast.api.postgrest.answers import rows_or_one
from holdfast.api.postgrest.refusals import PostgrestRoute
from holdfast.engine.by_name import Filter, Selection
from holdfast.engine.catalogue import Relation
from holdfast.errors import NotFound

router = APIRouter(prefix="/rest/v1", tags=["views"], route_class=PostgrestRoute)
_PARTIAL = 206


@router.get("/{view}")
@router.head("/{view}", include_in_schema=False)
async def read(request: Request, who: SomeCaller, view: str) -> Response:
    """Read a view: `?column=eq.value`, `select`, `order`, `limit`, `offset`; at most 1,000 rows at a time."""
    relation = _relation(request, view)
    selection = _selection(request, relation)
    if named_venture(request) is not None and "venture_id" in relation.columns:
        meant = str(await venture(request, who))
        only = Filter(column="venture_id", comparison="eq", value=meant)
        selection = dataclasses.replace(selection, filters=(*selection.filters, only))
    row = await who.engine.select(relation, selection)
    response = rows_or_one(request, row["body"], _status(row["rows"], row["total"]))
    response.headers["Content-Range"] = _content_range(selection.offset, row["rows"], row["total"])
    return response


def _relation(request: Request, name: str) -> Relation:
    relations = gateway_of(request).catalogue.relations
    if name not in relations:
        near = difflib.get_close_matches(name, relations, n=1)
        raise NotFound(
            f"There is no view {name}.", hint=f"Did you mean {near[0]}?" if near else None
        )
    return relations[name]


def _selection(request: Request, relation: Relation) -> Selection:
    query = request.query_params
    begin, most = parsing.span(request.headers.get("range"))
    limit = parsing.whole("limit", query.get("limit"), parsing.MOST_ROWS)
    return Selection(
        columns=parsing.columns(relation, query.get("select")),
        filters=parsing.filters(relation, query.multi_items()),
        order=parsing.order(relation, query.get("order")),
        limit=min(limit, parsing.MOST_ROWS, parsing.MOST_ROWS if most is None else most),
        offset=parsing.whole("offset", query.get("offset"), begin),
        counted="count=" in request.headers.get("prefer", ""),
    )


def _status(rows: int, total: int | None) -> int:
    return _PARTIAL if total is not None and rows < total else 200


def _content_range(offset: int, rows: int, total: int | None) -> str:
    span = f"{offset}-{offset + rows - 1}" if rows else "*"
    return f"{span}/{'*' if total is None else total}"
