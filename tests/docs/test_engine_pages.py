"""The state machines and the findings in the documents are the database's own."""

from __future__ import annotations

import re
from pathlib import Path
from runpy import run_path

from tests.support.sql import connected

ROOT = Path(__file__).parents[2]


async def test_what_the_database_knows_stands_in_the_documents(holdfast_url: str) -> None:
    maker = run_path(str(ROOT / "docs" / "make_engine_pages.py"))
    async with connected(holdfast_url) as connection:
        for file in maker["PAGES"]:
            text = file.read_text()
            assert text == await maker["made_anew"](connection, text), (
                "Run: python docs/make_engine_pages.py"
            )


async def test_every_machine_that_the_database_draws_is_drawn_for_people(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        rows = await connection.fetch(
            "select proargtypes[0]::regtype::text from pg_proc where proname = 'is_drawn'"
        )
    page = (ROOT / "docs" / "explanation" / "when-it-dies.md").read_text()
    drawn = set(re.findall(r"<!-- made of (\w+) -->", page))
    small = {"directive_phase", "execution_step_status"}  # ARCHITECTURE.md has them in a line
    assert drawn == {row[0].removeprefix("holdfast.") for row in rows} - small
