"""What a schema's catalogue says that nobody should leave so."""

from __future__ import annotations

from holdfast.changes.findings import Finding
from holdfast.engine.direct import Target

_CHECKS = (
    "check_foreign_keys",
    "check_row_security",
    "check_left_behind",
    "check_functions",
    "check_tables",
)


async def look_through(target: Target, schemas: list[str]) -> list[Finding]:
    """Every finding in the schemas; the catalogue is open to everybody, so none can hide."""
    async with target.looking():
        rows = [row for check in _CHECKS for row in await target.read(check, schemas)]
    return [
        Finding(rule=row["rule"], object=row["object"], message=row["message"], source="catalogue")
        for row in rows
    ]
