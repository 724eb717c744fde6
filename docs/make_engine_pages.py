"""Writes the parts of the documents that the database itself knows: its state machines, and what a restoration may find.

Run it after a move or a finding has changed; a test compares.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Any

from holdfast.config import Settings
from holdfast.engine import connections, opening

HERE = Path(__file__).parent
PAGES = (HERE / "explanation" / "when-it-dies.md", HERE / "reference" / "restoration.md")
_PART = re.compile(r"(<!-- made of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_MOVES = """
select a.state::text as from, b.state::text as to
from unnest(enum_range(null::holdfast.{machine})) with ordinality as a (state, place),
    unnest(enum_range(null::holdfast.{machine})) with ordinality as b (state, place)
where holdfast.is_drawn(a.state, b.state) order by a.place, b.place
"""
_RULES = "select step::text, finding, action::text, means from holdfast.restoration_rules() order by rank"
_STATES = "select unnest(enum_range(null::holdfast.{machine}))::text as state"


async def made_anew(connection: Any, text: str) -> str:
    """A page with what the database knows put in again."""
    for name in [match[2] for match in _PART.finditer(text)]:
        made = await (_findings(connection) if name == "findings" else _machine(connection, name))
        text = re.sub(
            rf"(<!-- made of {name} -->\n).*?(<!-- end -->)",
            lambda match, made=made: f"{match[1]}{made}{match[2]}",
            text,
            flags=re.DOTALL,
        )
    return text


async def _machine(connection: Any, machine: str) -> str:
    """A state machine as a picture."""
    moves = await connection.fetch(_MOVES.format(machine=machine))
    states = [row["state"] for row in await connection.fetch(_STATES.format(machine=machine))]
    leads_on = {row["from"] for row in moves}
    lines = [f"    [*] --> {states[0]}", *(f"    {m['from']} --> {m['to']}" for m in moves)]
    lines += [f"    {state} --> [*]" for state in states if state not in leads_on]
    return "```mermaid\nstateDiagram-v2\n    direction LR\n" + "\n".join(lines) + "\n```\n"


async def _findings(connection: Any) -> str:
    """The table of what may be found."""
    rows = [
        f"| {row['step'].replace('_', ' ')} | `{row['finding']}` | {row['action'].replace('_', ' ')} | {row['means']} |"
        for row in await connection.fetch(_RULES)
    ]
    return (
        "| step | finding | action | what that means |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


async def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        async with opening.migrated_database(settings) as url:
            connection = await connections.connect(url, settings)
            for file in PAGES:
                file.write_text(await made_anew(connection, file.read_text()))
            await connection.close()


if __name__ == "__main__":
    asyncio.run(_write())
