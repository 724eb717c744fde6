"""A session walks an orchestrator's children: what is next, what is tried again, and why it pauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from holdfast.errors import (
    Blocked,
    EvidenceMissing,
    IllegalMove,
    InvalidValue,
    LeaseLost,
    NotFound,
)
from tests.support.evidence import evidence
from tests.support.sql import call, call_row, connected, one, set_clock, snapshot
from tests.support.walking import Walker, add_child, add_tree, status_of, walker

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection


async def walking(
    connection: Connection, *children: str, root: str = "SD-O", **settings: Any
) -> Walker:
    """A session that has been told the first child of an orchestrator."""
    await add_tree(connection, root, *children)
    mine = await walker(connection)
    await mine.start(root, **settings)
    await mine.advance()
    return mine


# What is next.


async def test_the_children_come_one_after_the_other_then_their_orchestrator(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")

        assert mine.at == "SD-A"
        assert await mine.walked("completed") == ("continue", "SD-B")
        assert await status_of(connection, "SD-A") == "completed"
        assert await mine.walked("completed") == ("continue", "SD-O")
        assert mine.told["is_final"]
        assert mine.told["why"] == "all below it is over; its own verification is left"
        assert await status_of(connection, "SD-O") == "active"  # not completed silently
        assert await mine.walked("completed") == ("pause", "orchestrator_done")
        assert mine.told["why"] == "SD-O is completed, and chaining is off"


async def test_lower_priority_numbers_come_first_then_the_older_child(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O")
        await set_clock(connection, 2)
        await add_child(connection, "SD-YOUNG", "SD-O", priority=10)
        await set_clock(connection, 1)
        await add_child(connection, "SD-OLD", "SD-O", priority=10)
        await add_child(connection, "SD-FIRST", "SD-O", priority=9)
        await add_child(connection, "SD-LAST", "SD-O", priority=100)
        await set_clock(connection, 3)
        mine = await walker(connection)
        await mine.start("SD-O")

        order = [(await mine.walked())[1]]
        for _ in range(3):
            order.append((await mine.walked("completed"))[1])
        assert order == ["SD-FIRST", "SD-OLD", "SD-YOUNG", "SD-LAST"]


async def test_a_child_comes_after_what_it_needs(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-Z")
        await add_child(connection, "SD-B", "SD-O", priority=-1, needs=["SD-Z"])
        mine = await walker(connection)
        await mine.start("SD-O")

        assert await mine.walked() == ("continue", "SD-Z")
        # Completing the one makes way for the other in the same call.
        assert await mine.walked("completed") == ("continue", "SD-B")


async def test_a_blocked_child_is_passed_over_and_named(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")

        assert await mine.walked("blocked", reason="no access") == ("continue", "SD-B")
        assert await status_of(connection, "SD-A") == "blocked"
        assert await mine.walked("completed") == ("pause", "all_blocked")
        assert mine.told["blocked"] == [{"sd_key": "SD-A", "kind": "blocked", "by": "no access"}]
        assert mine.told["why"] == "SD-A: no access"


async def test_a_draft_and_what_another_session_holds_are_not_taken(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        await add_tree(connection, "SD-O", "SD-HELD")
        await add_child(connection, "SD-DRAFT", "SD-O", status="draft", priority=-1)
        await add_child(connection, "SD-NEEDY", "SD-O", needs=["SD-DRAFT"])
        other = await walker(connection, "other")
        await call(connection, "claim_directive", session_id="other", **other.fence, sd_key="SD-HELD", lease_seconds=60)  # fmt: skip
        mine = await walker(connection)
        await mine.start("SD-O")

        assert await mine.walked() == ("pause", "all_blocked")
        told = {one["sd_key"]: (one["kind"], one["by"]) for one in mine.told["blocked"]}
        assert told == {
            "SD-DRAFT": ("draft", "it is draft"),
            "SD-HELD": ("held", "held by other until 2030-01-01 12:01:00+00"),
            "SD-NEEDY": ("needs", "it needs SD-DRAFT"),
        }
        await set_clock(connection, 61)  # who held it is gone
        assert await mine.walked() == ("continue", "SD-HELD")
        assert mine.told["mechanism"] == "expired"


async def test_a_child_with_children_is_walked_as_an_orchestrator(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-A", "SD-Z")
        await add_child(connection, "SD-A1", "SD-A", priority=2)
        await add_child(connection, "SD-A2", "SD-A", priority=1)
        mine = await walker(connection)
        await mine.start("SD-O")

        order = [(await mine.walked())[1]]
        for _ in range(4):
            order.append((await mine.walked("completed"))[1])
        assert order == ["SD-A2", "SD-A1", "SD-A", "SD-Z", "SD-O"]


async def test_what_is_nested_too_deeply_is_named_and_not_walked(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-0")
        for depth in range(1, 18):
            await add_child(connection, f"SD-{depth}", f"SD-{depth - 1}")
        mine = await walker(connection)
        await mine.start("SD-0")

        assert await mine.walked() == ("pause", "all_blocked")
        assert [(b["sd_key"], b["kind"]) for b in mine.told["blocked"]] == [("SD-16", "depth")]


async def test_nothing_below_what_is_blocked_is_taken(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-A", "SD-B")
        await add_child(connection, "SD-A1", "SD-A")
        await call(connection, "move_directive", sd_key="SD-A", status="blocked", reason="wait")
        mine = await walker(connection)
        await mine.start("SD-O")
        assert await mine.walked() == ("continue", "SD-B")


async def test_an_orchestrator_that_is_held_is_given_back_for_its_children(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-A")
        mine = await walker(connection)
        await call(connection, "claim_directive", session_id="s", **mine.fence, sd_key="SD-O")
        assert (await mine.start())["orchestrator_key"] == "SD-O"
        assert await mine.walked() == ("continue", "SD-A")
        claims = await connection.fetch(
            "select d.sd_key from holdfast.directive_claims c join holdfast.directives d on d.id = c.directive_id"
            " where c.session_id is not null"
        )
        assert [row[0] for row in claims] == ["SD-A"]


async def test_a_phase_is_never_moved_for_the_agent(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")
        for outcome in ("unfinished", "failed", "completed"):
            await mine.advance(outcome, reason="because")
        phases = await connection.fetch("select distinct phase::text from holdfast.directives")
        assert [row[0] for row in phases] == ["LEAD"]
        assert not await connection.fetch("select from holdfast.events where type = 'directive.phase_moved'")  # fmt: skip


# Evidence.


async def test_a_child_with_a_verification_is_completed_with_its_evidence_only(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O")
        await add_child(connection, "SD-A", "SD-O", verification="make test")
        mine = await walker(connection)
        await mine.start("SD-O")
        await mine.advance()
        told, before = mine.told, await snapshot(connection)
        for wrong, error in (
            (None, EvidenceMissing),
            (evidence("make test", 1), EvidenceMissing),
            (evidence("make test", timed_out=True), EvidenceMissing),
            (evidence("true"), EvidenceMissing),
            (evidence("make test", output_digest="12"), InvalidValue),
            (evidence("make test", started_at="yesterday evening"), InvalidValue),
            (evidence("make test", started_at="2030-01-02T00:00:00Z"), InvalidValue),
            (evidence("make test", exit_code="0"), InvalidValue),
            (evidence("make test", output_tail="x" * 16385), InvalidValue),
            ("passed", InvalidValue),
        ):
            with pytest.raises(error):
                await mine.advance("completed", evidence=wrong)
            mine.told = told
        assert await snapshot(connection) == before

        assert await mine.walked("completed", evidence=evidence("make test")) == ("continue", "SD-O")  # fmt: skip
        kept = await one(connection, "select * from holdfast.directive_evidence")
        assert (kept["command"], kept["exit_code"], kept["output_tail"]) == ("make test", 0, "output")  # fmt: skip
        event = await one(connection, "select data from holdfast.events where type = 'directive.completed'")  # fmt: skip
        assert event["data"]["evidence"]["output_digest"] == kept["output_digest"].hex()


async def test_a_failed_gate_is_tried_again_twice_then_the_child_is_blocked(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await add_tree(connection, "SD-O", "SD-Z")
        await add_child(connection, "SD-A", "SD-O", verification="make test", priority=-1)
        mine = await walker(connection)
        await mine.start("SD-O")
        await mine.advance()
        failed = evidence("make test", 2)

        assert await mine.walked("failed", evidence=failed) == ("continue", "SD-A")
        assert (mine.told["why"], mine.told["failures"]) == ("it failed: attempt 2 of 3", 1)
        assert await mine.walked("failed", evidence=failed) == ("continue", "SD-A")
        assert await mine.walked("failed", evidence=failed) == ("continue", "SD-Z")
        row = await one(connection, "select * from holdfast.directives where sd_key = 'SD-A'")
        assert (row["status"], row["failures"]) == ("blocked", 3)
        assert row["blocked_reason"] == "it failed 3 times: make test ended with exit code 2"
        assert await connection.fetchval("select count(*) from holdfast.directive_evidence") == 3
        assert await mine.walked("completed") == ("pause", "failed")
        assert [one["sd_key"] for one in mine.told["blocked"]] == ["SD-A"]


async def test_a_child_that_is_made_active_again_has_its_retries_again(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        for _ in range(2):
            await mine.advance("failed", reason="broken")
        assert await mine.walked("failed", reason="broken") == ("pause", "failed")
        await call(connection, "move_directive", sd_key="SD-A", status="active")
        assert await mine.walked() == ("continue", "SD-A")
        assert await mine.walked("failed", reason="broken") == ("continue", "SD-A")


async def test_the_orchestrators_own_gate_is_tried_again_too(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await mine.advance("completed")
        for _ in range(2):
            assert await mine.walked("failed", reason="it does not fit") == ("continue", "SD-O")
        assert await mine.walked("failed", reason="it does not fit") == ("pause", "failed")
        assert await status_of(connection, "SD-O") == "blocked"


async def test_a_failure_says_why(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        with pytest.raises(InvalidValue, match="Nothing says why the attempt at SD-A failed"):
            await mine.advance("failed")


async def test_an_orchestrator_is_not_completed_while_something_below_it_is_open(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await mine.advance("completed")
        assert mine.at == "SD-O"
        await add_child(connection, "SD-LATE", "SD-O")
        told = mine.told
        with pytest.raises(Blocked, match="SD-O is not done: SD-LATE below it are not over"):
            await mine.advance("completed")
        mine.told = told
        assert await mine.walked("unfinished") == ("continue", "SD-LATE")


# Pauses.


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
        assert mine.told["why"] == "1 orchestrators were chained to; max_chain_depth is 1"
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
        assert mine.told["why"] == "1 open question(s) of this session: Which colour?"
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


# The same call again, and calls that come too late.


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


# What others see of it.


async def test_each_decision_is_an_event_of_the_session(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await mine.advance("completed")
        await mine.advance("completed")
        told = [(e["decision"], e.get("finished"), e.get("sd_key") or e.get("reason")) for e in await mine.events("session.advanced")]  # fmt: skip
        assert told == [
            ("continue", None, "SD-A"),
            ("continue", "SD-A", "SD-O"),
            ("pause", "SD-O", "orchestrator_done"),
        ]


async def test_the_older_interface_says_where_the_walk_is(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B", "SD-C")
        await mine.advance("completed")
        row = await one(connection, "select * from holdfast.v_active_auto_proceed_sessions")
        assert (row["active_sd_key"], row["parent_orchestrator_key"]) == ("SD-B", "SD-O")
        assert (row["completed_children"], row["total_children"]) == (1, 3)
        assert (row["current_phase"], float(row["progress_percentage"])) == ("LEAD", 33.3)
        session = await one(connection, "select metadata from holdfast.claude_sessions")
        state = session["metadata"]["execution_state"]
        assert (state["currentSd"], state["currentPhase"], state["isActive"]) == ("SD-B", "LEAD", True)  # fmt: skip
        for _ in range(3):
            await mine.advance("completed")
        assert not await connection.fetch("select from holdfast.v_active_auto_proceed_sessions")


async def test_what_is_finished_outside_the_walk_shows_in_its_progress_at_once(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A", "SD-B")
        claim = {"epoch": mine.told["epoch"], "token": mine.told["token"]}
        await call(connection, "move_directive_phase", sd_key="SD-A", phase="PLAN", **claim)
        await call(connection, "move_directive", sd_key="SD-B", status="completed")
        row = await call_row(connection, "get_active_auto_proceed_session", session_id="s")
        assert (row["current_phase"], row["completed_children"], row["total_children"]) == ("PLAN", 1, 2)  # fmt: skip
        row = await one(connection, "select * from holdfast.v_active_auto_proceed_sessions")
        assert float(row["progress_percentage"]) == 50


async def test_a_summary_closes_the_walk(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await set_clock(connection)
        mine = await walking(connection, "SD-A", "SD-B", "SD-C")
        await set_clock(connection, 60)
        await mine.advance("failed", reason="flaky")
        await set_clock(connection, 90)
        await mine.advance("completed")
        await mine.advance("blocked", reason="no access")
        await call(connection, "end_session", session_id="s", **mine.fence)

        [summary] = await mine.events("auto_proceed.summary")
        items = [(i["sd_key"], i["outcome"], i["failures"], i["seconds"]) for i in summary["items"]]
        assert items == [
            ("SD-A", "completed", 1, 90),
            ("SD-B", "blocked", 0, 0),
            ("SD-C", "left", 0, 0),
        ]
        assert summary["problems"] == [
            "SD-A: 1 failed attempts",
            "SD-B: blocked: no access",
            "SD-C: left before it was finished",
        ]
        assert (summary["completed"], summary["handed_out"], summary["seconds"]) == (1, 3, 90)
        assert (await mine.summary())["items"] == summary["items"]


async def test_a_pause_tells_the_summary_once(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await mine.advance("blocked", reason="no access")
        for _ in range(3):
            await mine.advance()
        assert len(await mine.events("auto_proceed.summary")) == 1


async def test_an_orchestrators_other_walk_is_closed_before_the_next(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        mine = await walking(connection, "SD-A")
        await add_tree(connection, "SD-2", "SD-2A")
        await call(connection, "release_directive", sd_key="SD-A", epoch=mine.told["epoch"], token=mine.told["token"])  # fmt: skip
        await mine.start("SD-2")
        assert await mine.walked() == ("continue", "SD-2A")
        [summary] = await mine.events("auto_proceed.summary")
        assert (summary["orchestrator"], summary["problems"]) == ("SD-O", ["SD-A: left before it was finished"])  # fmt: skip
