from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from holdfast.engine.postgres import PostgresEngine
from holdfast.live.watch import Watch
from tests.support.feed import END_ALL_OTHERS, WRITE, ask, new_streams

SOON = 10.0


@pytest.fixture
async def venture_id(engine: PostgresEngine) -> UUID:
    created: UUID = await engine.call_value("open_venture", slug="acme")
    return created


@pytest.fixture
async def watch(engine: PostgresEngine) -> AsyncIterator[Watch]:
    watch = Watch(engine)
    yield watch
    await watch.stop()
    await watch.stop()  # safe


async def begun(watch: Watch, stream: UUID) -> None:
    """Wait until the watch has taken up its position, of which it tells everybody."""
    async with watch.interest([stream]) as wake:
        assert await wake.wait(SOON)


async def test_a_waiter_is_woken_by_an_event_of_its_stream_and_not_by_another(
    engine: PostgresEngine, watch: Watch, venture_id: UUID
) -> None:
    mine, other = await new_streams(engine, venture_id, 2)
    await begun(watch, mine)
    async with watch.interest([mine]) as wake, watch.interest([other]) as others_wake:
        await ask(engine.url, WRITE, other, venture_id)
        assert await others_wake.wait(SOON)
        assert not await wake.wait(0.05)
        await ask(engine.url, WRITE, mine, venture_id)
        assert await wake.wait(SOON)


async def test_two_waiters_for_one_stream_are_both_woken(
    engine: PostgresEngine, watch: Watch, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    await begun(watch, stream)
    async with watch.interest([stream]) as one, watch.interest([stream]) as two:
        await ask(engine.url, WRITE, stream, venture_id)
        assert await one.wait(SOON)
        assert await two.wait(SOON)


async def test_what_happens_between_registering_and_waiting_is_not_missed(
    engine: PostgresEngine, watch: Watch, venture_id: UUID
) -> None:
    mine, other = await new_streams(engine, venture_id, 2)
    await begun(watch, mine)
    async with watch.interest([mine]) as wake, watch.interest([other]) as others_wake:
        await ask(engine.url, WRITE, mine, venture_id)
        await ask(engine.url, WRITE, other, venture_id)
        assert await others_wake.wait(SOON)  # so the watch has passed what came before
        assert await wake.wait(0)
        assert not await wake.wait(0.01), "one event wakes once"


async def test_what_happens_before_the_watch_has_begun_to_listen_is_not_missed(
    engine: PostgresEngine, watch: Watch, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    async with watch.interest([stream]) as wake:
        await ask(engine.url, WRITE, stream, venture_id)
        assert await wake.wait(SOON)


async def test_a_waiter_for_a_question_is_woken_by_its_askers_event(
    engine: PostgresEngine, watch: Watch, venture_id: UUID
) -> None:
    supervisor = await engine.call_value(
        "create_supervisor", name="release", handler="release", venture_id=venture_id
    )
    [claimed] = await engine.call(
        "claim_supervisors", holder="me", handlers=["release"], limit=1, venture_id=venture_id
    )
    asked = await engine.call_row(
        "ask_question",
        supervisor_id=supervisor,
        message="Deployed?",
        epoch=claimed["epoch"],
        token=claimed["token"],
        venture_id=venture_id,
    )
    await begun(watch, supervisor)
    async with watch.interest([asked["id"]]) as wake:
        await engine.call(
            "answer_question", question_id=asked["id"], answer="yes", venture_id=venture_id
        )
        assert await wake.wait(SOON)


async def test_losing_the_database_wakes_waiters_so_that_they_look_again(
    engine: PostgresEngine, watch: Watch, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    await begun(watch, stream)
    async with watch.interest([stream]) as wake:
        await ask(engine.url, END_ALL_OTHERS)
        assert await wake.wait(SOON)
        await ask(engine.url, WRITE, stream, venture_id)
        assert await wake.wait(SOON)


async def test_a_feed_that_was_reset_is_followed_anew(
    engine: PostgresEngine, watch: Watch, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    await begun(watch, stream)
    async with watch.interest([stream]) as wake:
        await ask(engine.url, "update holdfast.feed_epoch set nonce = gen_random_uuid()")
        assert await wake.wait(SOON), "woken by the reset"
        await begun(watch, stream)
        await wake.wait(0.01)
        await ask(engine.url, WRITE, stream, venture_id)
        assert await wake.wait(SOON)


async def test_a_waiter_that_left_is_forgotten(
    engine: PostgresEngine, watch: Watch, venture_id: UUID
) -> None:
    [stream] = await new_streams(engine, venture_id, 1)
    async with watch.interest([stream]):
        assert watch.waiting_for == {str(stream)}
    assert watch.waiting_for == set()
