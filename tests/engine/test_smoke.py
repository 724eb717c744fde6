from holdfast.engine.postgres import PostgresEngine


async def test_engine_answers(engine: PostgresEngine) -> None:
    assert len(await engine.call_value("feed_epoch")) == 16
