"""A session walks an orchestrator's children: what is next, and what is tried again."""

from __future__ import annotations

import pytest

from holdfast.errors import Blocked, EvidenceMissing, InvalidValue
from tests.support.evidence import evidence
from tests.support.sql import call, connected, one, set_clock, snapshot
from tests.support.walking import add_child, add_tree, status_of, walker, walking


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
            "SD-DRAFT": ("draft", "it is a draft"),
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
