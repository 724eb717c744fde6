"""Why a walk goes on with another orchestrator, or pauses."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import NotFound
from tests.support.sql import call, call_row, connected
from tests.support.walking import add_child, add_tree, status_of, walker, walking


async def test_chaining_goes_on_with_the_next_orchestrator(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-LATER", "SD-L1", priority=20)
        await add_tree(connection, "SD-STUCK", "SD-S1", priority=5)
        await call(connection, "move_directive", sd_key="SD-S1", status="blocked", reason="x")
        await add_tree(connection, "SD-DRAFT", priority=1)
        await add_child(connection, "SD-LEAF", None, priority=0)  # no orchestrator
        await add_tree(connection, "SD-NEXT", "SD-N1", priority=10)
        mine = await walking(connection, chain_orchestrators=True)

        assert mine.at == "SD-O"
        assert await mine.walked("completed") == ("chain", "SD-N1")
        assert mine.told["orchestrator_key"] == "SD-NEXT"
        assert mine.told["why"] == "the orchestrator before it is over; SD-NEXT is the next"
        await mine.advance("completed")
        assert await mine.walked("completed") == ("chain", "SD-L1")
        await mine.advance("completed")
        assert await mine.walked("completed") == ("pause", "orchestrator_done")
        assert mine.told["why"] == "SD-LATER is completed, and no other orchestrator has work that can be begun"  # fmt: skip


async def test_a_part_of_an_orchestrator_is_not_entered_past_what_blocks_the_whole(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-WHOLE", "SD-PART")
        await add_child(connection, "SD-P1", "SD-PART")
        await call(connection, "move_directive", sd_key="SD-WHOLE", status="blocked", reason="x")
        mine = await walking(connection, chain_orchestrators=True)
        assert await mine.walked("completed") == ("pause", "orchestrator_done")


async def test_chain_depth_is_bounded(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        for name in ("SD-2", "SD-3"):
            await add_tree(connection, name, f"{name}-A")
        mine = await walking(connection, "SD-A", chain_orchestrators=True, max_chain_depth=1)
        await mine.advance("completed")
        assert await mine.walked("completed") == ("chain", "SD-2-A")
        await mine.advance("completed")
        assert await mine.walked("completed") == ("pause", "limits_reached")
        assert mine.told["why"] == "max_chain_depth = 1 is reached"
        assert await status_of(connection, "SD-2") == "completed"


async def test_iterations_are_bounded_until_the_walk_is_begun_anew(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B", "SD-C", max_iterations=2)
        assert await mine.walked("completed") == ("continue", "SD-B")
        assert await mine.walked("completed") == ("pause", "limits_reached")
        assert await mine.walked() == ("pause", "limits_reached")
        await mine.start("SD-O")
        assert await mine.walked() == ("continue", "SD-C")


async def test_an_agent_that_stops_is_told_to_go_on_until_its_bound(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", max_unfinished=2)
        for _ in range(2):
            assert await mine.walked("unfinished") == ("continue", "SD-A")
            assert mine.told["why"] == "it is not finished"
        assert await mine.walked("unfinished") == ("pause", "limits_reached")
        assert mine.told["sd_key"] == "SD-A"  # which it still has
        assert await mine.walked() == ("continue", "SD-A")  # a person says: go on
        assert await mine.walked("unfinished") == ("continue", "SD-A")


async def test_an_open_question_of_the_session_pauses_it_until_it_is_answered(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")
        asked = await call_row(connection, "ask_question", session_id="s", **mine.fence, message="Which colour?")  # fmt: skip

        assert await mine.walked("completed") == ("pause", "human_decision")
        assert mine.told["why"] == "an open question of this session: Which colour?"
        assert await status_of(connection, "SD-A") == "completed"  # which is kept
        await call(connection, "answer_question", question_id=asked["id"], answer="red")
        assert await mine.walked() == ("continue", "SD-B")


@pytest.mark.parametrize(
    ("metadata", "reason", "why"),
    [
        ({"human_decision": "choose a vendor"}, "human_decision", "SD-B waits for a person: choose a vendor"),
        ({"human_decision": True}, "human_decision", "SD-B waits for a person: marked as human_decision"),
        ({"security": "touches keys"}, "security", "SD-B: touches keys"),
        ({"data_loss": True}, "security", "SD-B: marked as data_loss"),
    ],
)  # fmt: skip
async def test_a_child_whose_metadata_says_so_pauses_the_walk_before_it(
    holdfast_url: str, metadata: dict[str, Any], reason: str, why: str
) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-A")
        await add_child(connection, "SD-B", "SD-O", metadata=metadata)
        mine = await walker(connection)
        await mine.start("SD-O")
        await mine.advance()
        assert await mine.walked("completed") == ("pause", reason)
        assert mine.told["why"] == why
        assert mine.told["blocked"][0]["sd_key"] == "SD-B"
        assert not await connection.fetchval("select count(*) from holdfast.directive_claims where session_id is not null")  # fmt: skip


async def test_metadata_that_says_no_does_not_pause(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O")
        flags = {"security": False, "data_loss": None, "human_decision": ""}
        await add_child(connection, "SD-A", "SD-O", metadata=flags)
        mine = await walker(connection)
        await mine.start("SD-O")
        assert await mine.walked() == ("continue", "SD-A")


@pytest.mark.parametrize("reason", ["security: a key is in the log", "Data loss: drops a table"])
async def test_a_reason_that_names_a_danger_stops_the_walk_though_siblings_are_left(
    holdfast_url: str, reason: str
) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")
        assert await mine.walked("blocked", reason=reason) == ("pause", "security")
        assert mine.told["blocked"] == [{"sd_key": "SD-A", "kind": "security", "by": reason}]


async def test_with_auto_proceed_off_the_child_is_finished_and_nothing_is_taken(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")
        mine.settings = {"auto_proceed": False}
        assert await mine.walked("completed") == ("pause", "auto_proceed_off")
        assert await status_of(connection, "SD-A") == "completed"
        mine.settings = {}
        await call(connection, "stop_auto_proceed", session_id="s", **mine.fence)
        assert await mine.walked() == ("pause", "auto_proceed_off")


async def test_a_session_that_walks_nothing_finishes_what_it_has(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-A", "SD-B")
        mine = await walker(connection)
        await call(connection, "claim_directive", session_id="s", **mine.fence, sd_key="SD-A")
        told = await mine.walked("completed", sd_key="SD-A")
        assert told == ("pause", "auto_proceed_off")
        assert await status_of(connection, "SD-A") == "completed"


async def test_a_session_that_is_told_to_go_on_begins_with_what_it_has_a_part_of(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-A", "SD-B")
        mine = await walker(connection)
        mine.settings = {"auto_proceed": True}
        assert await mine.walked() == ("pause", "auto_proceed_off")
        await call(connection, "claim_directive", session_id="s", **mine.fence, sd_key="SD-A")
        assert await mine.walked("completed", sd_key="SD-A") == ("continue", "SD-B")


async def test_a_walk_that_an_older_client_began_goes_on(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-A")
        mine = await walker(connection)
        await call(connection, "upsert_auto_proceed_session", session_id="s", parent_orchestrator_key="SD-O")  # fmt: skip
        assert await mine.walked() == ("continue", "SD-A")


async def test_without_a_name_the_walk_begins_with_the_next_orchestrator(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walker(connection)
        with pytest.raises(NotFound, match="no orchestrator with work"):
            await mine.start()
        await add_tree(connection, "SD-2", "SD-2A", priority=2)
        await add_tree(connection, "SD-1", "SD-1A", priority=1)
        assert (await mine.start())["orchestrator_key"] == "SD-1"
