"""The log of events, and who held what when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime

from holdfast.api.resources.documenting import ANY, READING, resource
from holdfast.api.resources.paging import DEFAULT_LIMIT, MOST, After, Limit, Page, page_of, place
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.directives import HeldAt, Holder
from holdfast.api.resources.shapes.events import EventRow, StreamKind, Subscription

router = resource("/api/v1", tag="events")


@router.get("/events", responses=ANY)
async def list_events(
    reading: Reading,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    stream: Annotated[StreamKind | None, Query(description="The kind of stream.")] = None,
    stream_id: Annotated[UUID | None, Query(description="What it is about.")] = None,
    type: Annotated[str | None, Query(max_length=100, examples=["directive.claimed"])] = None,
    since: Annotated[AwareDatetime | None, Query(description="Not before this time.")] = None,
    before: Annotated[AwareDatetime | None, Query(description="Before this time.")] = None,
) -> Page[EventRow]:
    """Events, newest first. To follow them as they happen, use the live interface."""
    time, last, seq = place(after, datetime.fromisoformat, UUID, int)
    rows = await reading.rows(
        "list_events", time, last, seq, limit + 1, stream, stream_id, type, since, before
    )
    return page_of(rows, limit, EventRow, lambda row: [row["time"], row["stream_id"], row["seq"]])


@router.get("/holders", responses=READING)
async def get_holder(
    reading: Reading,
    directive: Annotated[str, Query(max_length=200, description="The directive's key, or its id.")],
    at: AwareDatetime,
) -> HeldAt:
    """Who held a directive at a time, by the events."""
    row = await reading.one("one_directive", "directive", directive)
    found = await reading.rows("holder_at", row["sd_key"], at)
    holder = Holder.model_validate(dict(found[0])) if found else None
    return HeldAt(sd_key=row["sd_key"], at=at, holder=holder)


@router.get("/subscriptions", responses=ANY)
async def list_subscriptions(reading: Reading) -> Page[Subscription]:
    """Who follows the feed at the moment, newest first; at most 500 are shown."""
    rows = await reading.rows("active_subscriptions", MOST)
    return Page(items=[Subscription.model_validate(dict(row)) for row in rows])
