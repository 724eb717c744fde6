"""What a venture is doing."""

from __future__ import annotations

from fastapi import Request

from holdfast.api.gateway import gateway_of
from holdfast.api.resources.documenting import ANY, resource
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.events import Overview
from holdfast.live.cursor import Cursor, Place

router = resource("/api/v1", tag="overview")


@router.get("/overview", responses=ANY)
async def get_overview(request: Request, reading: Reading) -> Overview:
    """How many questions wait for a person, and how the sessions and executions stand."""
    # Where the feed stood before the counting: who follows from there may see a change twice, but misses none.
    [end] = await gateway_of(request).engine.read("tail", 0)
    cursor = Cursor(
        epoch=end["epoch"], seen=Place(next=end["next"] or 0, in_flight=tuple(end["in_flight"]))
    )
    [counts] = await reading.rows("overview")
    return Overview(**dict(counts), cursor=str(cursor))
