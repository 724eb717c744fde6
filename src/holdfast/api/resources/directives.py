"""Directives: what there is to do."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from holdfast.api.resources.documenting import ANY, ONE, READING, WRITING, resource
from holdfast.api.resources.etags import IfNoneMatch, tagged
from holdfast.api.resources.paging import (
    DEFAULT_LIMIT,
    After,
    Limit,
    Open,
    Page,
    Search,
    page_of,
    place,
)
from holdfast.api.resources.reading import Reading
from holdfast.api.resources.shapes.directives import Branch, Directive, NewDirective
from holdfast.api.resources.writing import Done, Writing
from holdfast.errors import NotFound, TooLarge
from holdfast.model.directives import DirectiveStatus

router = resource("/api/v1/directives", tag="directives")

MOST_IN_TREE = 5000
DirectiveName = Annotated[str, Path(max_length=200, description="The directive's key, or its id.")]


@router.get("", responses=ANY)
async def list_directives(
    reading: Reading,
    *,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    status: DirectiveStatus | None = None,
    parent: Annotated[str | None, Query(max_length=128, description="The parent's key.")] = None,
    q: Search = None,
    only_open: Open = False,
) -> Page[Directive]:
    """Directives with who holds them, newest first; `q` is a part of key or title."""
    [before] = place(after, UUID)
    rows = await reading.rows("list_directives", before, limit + 1, status, parent, q, only_open)
    return page_of(rows, limit, Directive, lambda row: [row["id"]])


@router.post("", status_code=201, responses=WRITING)
async def add_directive(writing: Writing, given: NewDirective) -> Done:
    """Add a directive; needs the role agent."""
    fields = given.model_dump(mode="json", exclude={"sd_key"})
    return await writing.make("add_directive", name=given.sd_key, **fields)


@router.get("/tree", responses=READING)
async def get_tree(
    reading: Reading,
    root: Annotated[
        str | None, Query(max_length=128, description="The root's key; unset means every tree.")
    ] = None,
    only_open: Open = False,
) -> Page[Branch]:
    """Directives with what is below them, each before its children, these by priority, then age."""
    rows = await reading.rows("list_directive_tree", root, MOST_IN_TREE + 1, only_open)
    if root is not None and not rows:
        raise NotFound(f"There is no directive {root}.", hint="List the directives.")
    if len(rows) > MOST_IN_TREE:
        raise TooLarge(
            f"The tree has more than {MOST_IN_TREE} directives.",
            hint="Ask for the tree of one root, or for the open ones only.",
        )
    return Page(items=[Branch.model_validate(dict(row)) for row in rows])


@router.get("/{directive:path}", response_model=Directive, responses=ONE)
async def get_directive(
    reading: Reading, directive: DirectiveName, if_none_match: IfNoneMatch = None
) -> Response:
    """One directive, and who holds it."""
    row = await reading.one("one_directive", "directive", directive)
    return tagged(Directive.model_validate(dict(row)), row["seq"], if_none_match)
