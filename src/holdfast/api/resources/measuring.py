"""Progress beside the rows of a page: all of them in one query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Query

from holdfast.api.resources.paging import Page
from holdfast.api.resources.reading import Reader
from holdfast.api.resources.shapes.progress import Eta, Measured
from holdfast.progress import Progress

Item = TypeVar("Item", bound=Measured)
Of: TypeAlias = Callable[[Any, UUID, Sequence[UUID]], Awaitable[dict[UUID, Progress]]]

WithEta = Annotated[bool, Query(alias="eta", description="With `eta`: how far each is.")]


async def measured(reading: Reader, page: Page[Item], of: Of) -> Page[Item]:
    """The page with how far each of its rows is."""
    ids = [item.id for item in page.items]  # type: ignore[attr-defined]
    known = await of(reading.caller.engine, reading.venture_id, ids) if ids else {}
    items = [
        item.model_copy(update={"eta": _eta(known.get(id_))})
        for item, id_ in zip(page.items, ids, strict=True)
    ]
    return page.model_copy(update={"items": items})


async def progress_of(reading: Reader, of: Of, id_: UUID) -> Eta:
    """How far one of them is; it is there."""
    known = await of(reading.caller.engine, reading.venture_id, [id_])
    return Eta.model_validate(known[id_].as_json())


def _eta(progress: Progress | None) -> Eta | None:
    return None if progress is None else Eta.model_validate(progress.as_json())
