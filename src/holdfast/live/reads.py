"""What the feed needs of an engine besides connections of its own."""

from __future__ import annotations

from typing import Any, Protocol

from holdfast.engine.postgres import Row


class Reads(Protocol):
    """Named queries, as somebody may see them."""

    async def read(self, query: str, /, *arguments: Any) -> list[Row]:
        """Run the query of that name."""
