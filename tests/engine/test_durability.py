"""A commit that carries an event waits for the disk, whatever the server's settings say."""

from __future__ import annotations

import pytest

from holdfast.engine.connections import Connection
from tests.support.sql import connected

SAVE = "select holdfast.create_execution('saved')"
BEAT = """
select holdfast.renew_leases(array['execution'], array[gen_random_uuid()], array[1::bigint], array[gen_random_uuid()])
"""


async def _committing(connection: Connection, *statements: str) -> str:
    """How a transaction of these statements would commit."""
    async with connection.transaction():
        for statement in statements:
            await connection.execute(statement)
        told: str = await connection.fetchval("show synchronous_commit")
        return told


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([SAVE], "on"),
        ([BEAT], "off"),
        ([SAVE, BEAT], "on"),
        ([BEAT, SAVE], "on"),
    ],
    ids=["a save", "a beat", "a beat after a save", "a save after a beat"],
)
@pytest.mark.parametrize("setting", ["off", "on"])
async def test_what_is_acknowledged_is_on_disk_and_a_beat_alone_need_not_be(
    holdfast_url: str, setting: str, statements: list[str], expected: str
) -> None:
    async with connected(holdfast_url) as connection:
        await connection.execute(f"set synchronous_commit = {setting}")
        assert await _committing(connection, *statements) == expected


async def test_a_stricter_setting_stays(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await connection.execute("set synchronous_commit = remote_apply")
        assert await _committing(connection, SAVE) == "remote_apply"
