"""`verify` passes on a good schema, fails on each that was sabotaged, and leaves nothing behind."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from holdfast.config import Settings
from holdfast.engine import verify
from holdfast.errors import NotMigrated
from tests.support import migration as support
from tests.support import sabotage

if TYPE_CHECKING:
    from holdfast.engine.postgres import PostgresEngine


async def test_verify_passes_on_a_good_schema_in_the_order_its_users_know(
    holdfast_url: str,
) -> None:
    checks = list((await support.verdicts(holdfast_url)).values())
    assert [check.detail for check in checks if not check.passed] == []
    assert [check.number for check in checks] == list(range(1, len(checks) + 1))
    assert {check.total for check in checks} == {len(checks)}
    names = tuple(check.name for check in checks)
    assert names[:11] == sabotage.ELEVEN
    assert set(names[11:]) == sabotage.NAMES - set(sabotage.ELEVEN)


async def test_verify_leaves_nothing_behind(engine: PostgresEngine) -> None:
    await engine.call("upsert_auto_proceed_session", session_id="a live one", total_children=3)
    await engine.call("create_execution", name="a live one")
    before = await support.row_counts(engine.url)
    schema = support.dump(engine.url)

    assert await support.failures(engine.url) == {}

    assert await support.row_counts(engine.url) == before
    assert support.dump(engine.url) == schema


async def test_verify_leaves_nothing_behind_when_it_fails_or_is_given_up(holdfast_url: str) -> None:
    await support.execute(
        holdfast_url, "drop index holdfast.idx_auto_proceed_sessions_unique_active"
    )
    before = await support.row_counts(holdfast_url)
    assert await support.failures(holdfast_url)
    async with aclosing(verify.verify(holdfast_url, Settings())) as running:
        async for check in running:
            if check.name == sabotage.MAKING:
                break
    assert await support.row_counts(holdfast_url) == before


async def test_verify_waits_for_nobody_who_works(engine: PostgresEngine) -> None:
    await engine.call("upsert_auto_proceed_session", session_id="busy", total_children=3)
    async with support.connected(engine.url) as worker, worker.transaction():
        await worker.execute("select holdfast.update_auto_proceed_progress('busy', 1)")
        assert await support.failures(engine.url) == {}


async def test_verify_of_an_empty_database_names_the_next_step(database_url: str) -> None:
    with pytest.raises(NotMigrated, match="no Holdfast") as error:
        await support.verdicts(database_url)
    assert error.value.hint == "Run: holdfast db migrate"


@pytest.mark.parametrize("broken", sabotage.BY_STATEMENT)
async def test_verify_fails_when_the_schema_is_sabotaged(broken: str, holdfast_url: str) -> None:
    statement, check = sabotage.BY_STATEMENT[broken]
    await support.execute(holdfast_url, statement)
    assert (await support.failures(holdfast_url)).get(check)


@pytest.mark.parametrize("broken", sabotage.IN_FUNCTIONS)
async def test_verify_fails_when_a_function_is_sabotaged(broken: str, holdfast_url: str) -> None:
    function, old, new, check = sabotage.IN_FUNCTIONS[broken]
    await support.replace_in_function(holdfast_url, function, old, new)
    assert (await support.failures(holdfast_url)).get(check)
