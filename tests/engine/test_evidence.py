"""Done has evidence: a directive that has a verification is completed by a run of it that passed, or by an operator."""

from __future__ import annotations

import pytest

from holdfast.errors import EvidenceMissing, InvalidValue, NotAllowed
from tests.support.callers import asking, member
from tests.support.evidence import evidence
from tests.support.sql import call, call_value, connected, one, snapshot

DIRECTIVE = {"sd_key": "SD-1"}


async def test_a_directive_is_not_completed_without_the_evidence_of_its_own_command(
    holdfast_url: str,
) -> None:
    async with connected(holdfast_url) as connection:
        await call(connection, "add_directive", **DIRECTIVE, title="t", status="active", verification="make test")  # fmt: skip
        before = await snapshot(connection)
        for wrong, told in (
            (None, "SD-1 is done when its verification has passed: make test"),
            (
                evidence("true"),
                "The evidence is of 'true'; the verification of SD-1 is 'make test'",
            ),
            (evidence("make test", -9), "make test was ended by signal 9"),
            (evidence("make test", timed_out=True), "make test was ended at its time limit"),
        ):
            with pytest.raises(EvidenceMissing, match=told):
                await call(connection, "move_directive", **DIRECTIVE, status="completed", evidence=wrong)  # fmt: skip
        assert await snapshot(connection) == before
        await call(connection, "move_directive", **DIRECTIVE, status="completed", evidence=evidence("make test"))  # fmt: skip
        kept = await one(connection, "select * from holdfast.directive_evidence")
        assert (kept["number"], kept["timed_out"], len(kept["output_digest"])) == (1, False, 32)


async def test_a_directive_without_a_verification_takes_none(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await call(connection, "add_directive", **DIRECTIVE, title="t", status="active")
        with pytest.raises(InvalidValue, match="is given though the directive has no verification"):
            await call(connection, "move_directive", **DIRECTIVE, status="completed", evidence=evidence("true"))  # fmt: skip
        await call(connection, "move_directive", **DIRECTIVE, status="completed")


async def test_only_an_operator_completes_unverified_and_says_why(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        venture = await call_value(connection, "open_venture", slug="acme")
        given = {**DIRECTIVE, "venture_id": venture}
        await call(connection, "add_directive", **given, title="t", status="active", verification="make test")  # fmt: skip
        done = {**given, "status": "completed", "unverified": True}
        async with asking(connection, "authenticated", member(venture, "agent")):
            with pytest.raises(NotAllowed, match="as operator"):
                await call(connection, "move_directive", **done, reason="it looks right")
        async with asking(connection, "authenticated", member(venture, "operator")):
            with pytest.raises(InvalidValue, match="unverified needs one"):
                await call(connection, "move_directive", **done)
        async with asking(connection, "authenticated", member(venture, "operator")):
            await call(connection, "move_directive", **done, reason="seen by eye")
            event = await one(connection, "select data from holdfast.events where type = 'directive.completed'")  # fmt: skip
            assert (event["data"]["unverified"], event["data"]["reason"]) == (True, "seen by eye")


async def test_an_agent_raises_a_flag_and_an_operator_takes_it_off(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        venture = await call_value(connection, "open_venture", slug="acme")
        given = {**DIRECTIVE, "venture_id": venture}
        await call(connection, "add_directive", **given, title="t", metadata={"other": 1})
        flag = {**given, "flag": "security"}
        async with asking(connection, "authenticated", member(venture, "agent")):
            await call(connection, "flag_directive", **flag, says="touches keys")
            with pytest.raises(NotAllowed, match="as operator"):
                async with connection.transaction():
                    await call(connection, "flag_directive", **flag)
        await call(connection, "flag_directive", **flag, says="touches keys")
        async with asking(connection, "authenticated", member(venture, "operator")):
            await call(connection, "flag_directive", **flag)
            row = await one(connection, "select metadata from holdfast.directives")
            assert row["metadata"] == {"other": 1}
        with pytest.raises(InvalidValue, match="flag = safety"):
            await call(connection, "flag_directive", **{**flag, "flag": "safety"}, says="x")


async def test_a_ventures_settings_are_merged_and_checked(holdfast_url: str) -> None:
    async with connected(holdfast_url) as connection:
        await call(connection, "save_venture_settings", settings={"auto_proceed": True, "max_iterations": 5})  # fmt: skip
        await call(connection, "save_venture_settings", settings={"max_iterations": None})
        row = await one(connection, "select settings from holdfast.ventures where slug = 'default'")
        assert row["settings"] == {"auto_proceed": True}
        with pytest.raises(InvalidValue, match="max_iterations = 0 is not"):
            await call(connection, "save_venture_settings", settings={"max_iterations": 0})
