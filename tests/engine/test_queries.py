"""Every named query is used, and is one that the database understands."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

import holdfast
from holdfast.engine import texts
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import InvalidValue
from tests.support.sql import connected

ROOT = Path(holdfast.__file__).parent
NAMES = sorted(file.stem for file in (ROOT / "sql" / "queries").glob("*.sql"))
SOURCES = "\n".join(file.read_text() for file in ROOT.rglob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_query_is_used(name: str) -> None:
    verb, _, noun = name.partition("_")
    if verb == "find" and 'f"find_{noun}"' in SOURCES:
        assert f'"{noun}"' in SOURCES
    else:
        assert f'"{name}"' in SOURCES


async def test_who_gives_a_query_too_little_is_told_so(engine: PostgresEngine) -> None:
    with pytest.raises(InvalidValue, match="expects 2 arguments for this query, 1 was passed"):
        await engine.read("plan", uuid4())


async def test_queries_are_understood_by_the_database(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for name in NAMES:
            if ";" in texts.query(name).rstrip().rstrip(";"):
                continue  # several statements, which verify runs
            await connection.prepare(texts.query(name))
