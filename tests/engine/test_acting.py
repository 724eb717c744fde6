"""Calls for a user: the same as the engine's own, with that user's rights, and nothing of them stays behind."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import IllegalMove, InvalidValue, MissingRights, NotAllowed
from tests.support.callers import member
from tests.support.sql import connected
from tests.support.world import DIRECTIVE, SESSION, World, make_world


async def _world(url: str, slug: str = "ours") -> World:
    async with connected(url) as connection:
        return await make_world(connection, slug)


def _reads(world: World) -> dict[str, tuple[Any, ...]]:
    venture = world.venture_id
    return {
        "directives": (venture, None, 10),
        "directive": (venture, DIRECTIVE),
        "sessions": (venture, True, 10),
        "stream": (venture, world.execution.id, 0, 10),
        "execution": (venture, world.execution.id),
        "supervisor": (venture, world.supervisor.id),
        "plan_steps": (venture, world.plan_id),
        "questions": (venture, False, False, None),
        "api_tokens": (venture, True),
    }


async def test_a_user_is_given_the_same_rows_of_the_same_types(
    engine: PostgresEngine, holdfast_url: str
) -> None:
    world = await _world(holdfast_url)
    user = engine.as_user(member(world.venture_id, "viewer"))
    for query, arguments in _reads(world).items():
        own, theirs = await engine.read(query, *arguments), await user.read(query, *arguments)
        assert own, query
        assert list(map(_typed, own)) == list(map(_typed, theirs)), query


def _typed(row: Any) -> list[tuple[str, type, Any]]:
    return [(name, type(value), value) for name, value in row.items()]


async def test_values_of_every_kind_travel_both_ways(
    engine: PostgresEngine, holdfast_url: str
) -> None:
    world = await _world(holdfast_url)
    user = engine.as_user(member(world.venture_id, "owner"))
    venture = {"venture_id": world.venture_id}
    text = 'it\'s "quoted", {braced}, \\ and $1; --é\n'
    await user.call(
        "add_directive", sd_key="SD-U", title=text, metadata={text: [None, 1.5, True]}, **venture
    )
    [row] = await user.read("directive", world.venture_id, "SD-U")
    assert row["title"] == text
    made = await user.call_row("create_supervisor", name="u", input={}, **venture)
    blobs = [bytes(range(256)), b""]
    await user.call("save_checkpoint", supervisor_id=made["id"], epoch=None, token=None, parent=None, state={"a": text}, blobs=blobs, **venture)  # fmt: skip
    kept = await user.call("load_checkpoint", supervisor_id=made["id"], **venture)
    own = await engine.call("load_checkpoint", supervisor_id=made["id"], **venture)
    assert list(map(_typed, kept)) == list(map(_typed, own))
    assert any(blobs[0] in (value, *(value if isinstance(value, list) else ())) for row in kept for value in row.values())  # fmt: skip


async def test_nothing_of_a_user_stays_on_the_connection(holdfast_url: str) -> None:
    world = await _world(holdfast_url)
    engine = PostgresEngine(holdfast_url, settings=Settings(pool_size=1))
    await engine.open()
    user = engine.as_user(member(world.venture_id, "viewer"))
    nobody = engine.as_user({"sub": "nobody"})
    for _ in range(2):
        assert await user.read("directives", world.venture_id, None, 10)
        assert await nobody.read("directives", world.venture_id, None, 10) == []
        with pytest.raises(NotAllowed):
            await user.call("add_directive", sd_key="X", title="x", venture_id=world.venture_id)
        # the owner's own again
        assert await engine.call("add_directive", sd_key=f"SD-{_}", title="t")
    await engine.close()


async def test_a_user_does_not_reach_another_venture_or_a_part_of_the_engine(
    engine: PostgresEngine, holdfast_url: str
) -> None:
    ours, foreign = await _world(holdfast_url), await _world(holdfast_url, "foreign")
    owner = engine.as_user(member(ours.venture_id, "owner"))
    for query, arguments in _reads(foreign).items():
        assert await owner.read(query, *arguments) == [], query
    with pytest.raises(NotAllowed):
        await owner.call("cancel_execution", execution_id=foreign.execution.id, venture_id=foreign.venture_id)  # fmt: skip
    with pytest.raises(MissingRights):
        await owner.call("uuid7")
    with pytest.raises(MissingRights):
        await owner.call("type_name", type=25)
    with pytest.raises(NotAllowed):
        await owner.call("use_ticket", digest=bytes(32), purpose="connect")


@pytest.mark.parametrize("role", ["anon", "postgres", "holdfast", ""])
async def test_a_role_that_is_no_requests_may_do_nothing(
    engine: PostgresEngine, holdfast_url: str, role: str
) -> None:
    world = await _world(holdfast_url)
    user = engine.as_user(member(world.venture_id, "owner") | {"role": role})
    with pytest.raises(MissingRights):
        await user.read("directives", world.venture_id, None, 10)
    with pytest.raises(MissingRights):
        await user.call("get_active_auto_proceed_session", session_id=SESSION)


async def test_refusals_come_through_with_their_detail(
    engine: PostgresEngine, holdfast_url: str
) -> None:
    world = await _world(holdfast_url)
    user = engine.as_user(member(world.venture_id, "operator"))
    with pytest.raises(IllegalMove) as refused:
        for _ in range(2):
            await user.call("cancel_execution", execution_id=world.pending_execution, venture_id=world.venture_id)  # fmt: skip
    assert refused.value.hint
    with pytest.raises(InvalidValue):
        await user.read("directives", "no uuid", None, 10)
