"""The same call again, and calls that come too late."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import IllegalMove, InvalidValue, LeaseLost, NotFound
from tests.support.sql import call, connected
from tests.support.walking import add_tree, status_of, walker, walking


async def test_the_same_call_after_a_lost_answer_skips_nothing(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B", "SD-C")
        begun = mine.told
        first = await mine.advance("completed")
        mine.told = begun  # the answer is lost
        again = await mine.advance("completed")

        assert (first["sd_key"], again["sd_key"]) == ("SD-B", "SD-B")
        assert (again["why"], again["mechanism"]) == (first["why"], "again")
        assert again["epoch"] == first["epoch"] + 1  # the lost one's token is void
        assert await mine.walked("completed") == ("continue", "SD-C")
        assert (await mine.summary())["iterations"] == 3


async def test_a_failure_is_counted_once_however_often_it_is_told(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        begun = mine.told
        for _ in range(4):
            mine.told = begun
            assert await mine.walked("failed", reason="broken") == ("continue", "SD-A")
        assert mine.told["failures"] == 1


async def test_a_lost_answer_that_was_a_chain_is_told_as_one_again(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-2", "SD-2A")
        mine = await walking(connection, chain_orchestrators=True)
        begun = mine.told
        for _ in range(2):
            mine.told = begun
            assert await mine.walked("completed") == ("chain", "SD-2A")


async def test_what_was_finished_outside_the_walk_is_not_finished_twice(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B", "SD-C")
        claim = {"epoch": mine.told["epoch"], "token": mine.told["token"]}
        await call(connection, "move_directive", sd_key="SD-A", status="completed", **claim)
        assert await mine.walked("unfinished") == ("continue", "SD-B")  # the agent's Stop hook
        assert [i["outcome"] for i in (await mine.summary())["items"]] == ["completed", "under_way"]
        claim = {"epoch": mine.told["epoch"], "token": mine.told["token"]}
        await call(connection, "move_directive", sd_key="SD-B", status="blocked", reason="x", **claim)  # fmt: skip
        told = mine.told
        with pytest.raises(IllegalMove, match="SD-B is blocked"):
            await mine.advance("completed")
        mine.told = told
        assert await mine.walked("blocked", reason="x") == ("continue", "SD-C")


async def test_what_another_session_has_taken_is_not_finished(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")
        other = await walker(connection, "other")
        await call(connection, "claim_directive", session_id="other", **other.fence, sd_key="SD-A", take_over_reason="it hangs")  # fmt: skip
        told = mine.told
        with pytest.raises(LeaseLost, match="does not hold SD-A"):
            await mine.advance("completed")
        mine.told = told
        assert await mine.walked("unfinished") == ("continue", "SD-B")
        items = [(i["sd_key"], i["outcome"]) for i in (await mine.summary())["items"]]
        assert items == [("SD-A", "left"), ("SD-B", "under_way")]


async def test_an_older_claim_on_the_same_directive_finishes_nothing(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await call(connection, "claim_directive", session_id="s", **mine.fence, sd_key="SD-A")
        with pytest.raises(LeaseLost):
            await mine.advance("completed")
        assert await status_of(connection, "SD-A") == "active"


async def test_an_outcome_is_said_of_a_named_directive(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walker(connection)
        with pytest.raises(InvalidValue, match="sd_key is null; completed is said of a directive"):
            await mine.advance("completed")
        with pytest.raises(NotFound, match="SD-NONE"):
            await mine.advance("completed", sd_key="SD-NONE")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auto_proceed", "yes"),
        ("chain_orchestrators", 1),
        ("max_chain_depth", 101),
        ("max_chain_depth", -1),
        ("max_iterations", 0),
        ("max_iterations", 1.5),
        ("max_iterations", "7"),
        ("max_iteration", 5),
    ],
)
async def test_a_setting_out_of_its_range_is_refused_by_name(
    holdfast_url: str, name: str, value: Any
) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-A")
        mine = await walker(connection)
        with pytest.raises(InvalidValue, match=f"^{name} = "):
            await mine.start("SD-O", **{name: value})
        mine.settings = {name: value}
        with pytest.raises(InvalidValue, match=f"^{name} = "):
            await mine.advance()
