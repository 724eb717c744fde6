"""What is told of a session to look at: its hooks add up, and a difference is news once."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import InvalidValue, LeaseLost
from tests.support.sql import Token, call, connected
from tests.support.world import SESSION, make_world


def hook(runs: int, refusals: int, longest: float) -> dict[str, Any]:
    counts = {"runs": runs, "refusals": refusals, "failures": 0}
    return {"hook": "Stop", **counts, "seconds": runs * longest, "longest": longest}


async def test_hooks_add_up_under_the_sessions_lease_only(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "acme")

        async def report(token: Token, *hooks: dict[str, Any]) -> None:
            await call(
                connection, "report_hooks", session_id=SESSION, epoch=token.epoch, token=token.token,
                hooks=list(hooks), venture_id=world.venture_id,
            )  # fmt: skip

        await report(world.session.token, hook(3, 1, 2.0))
        await report(world.session.token, hook(1, 1, 0.5))
        with pytest.raises(LeaseLost):
            await report(world.session.stale, hook(1, 0, 9.0))
        with pytest.raises(InvalidValue):
            await report(world.session.token)
        row = await connection.fetchrow("select * from holdfast.session_hooks where hook = 'Stop'")
    assert row is not None
    assert [row[name] for name in ("runs", "refusals", "seconds", "longest")] == [4, 2, 6.5, 2.0]


async def test_a_difference_is_news_when_it_appears_changes_or_comes_back(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        world = await make_world(connection, "acme")

        async def seen(here: str, *, repaired: bool) -> bool:
            found = {"kind": "SD", "here": here, "truth": "db_claim=SD-1", "repaired": repaired}
            [[seq]] = await call(
                connection, "report_divergences", session_id=SESSION, found=[found],
                venture_id=world.venture_id,
            )  # fmt: skip
            return seq is not None

        assert await seen("file=none", repaired=False)
        assert not await seen("file=none", repaired=False)
        assert await seen("file=none", repaired=True)
        assert await seen("file=none", repaired=True), "it was repaired, and is there again"
        for number in range(101):
            assert await seen(f"file=SD-{number}", repaired=False)
        kept = await connection.fetchval("select count(*) from holdfast.session_divergences")
    assert kept == 100
