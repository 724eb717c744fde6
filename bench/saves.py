"""What goes on is saved: a supervisor's state and a graph's checkpoints, beside LangGraph's own saver for PostgreSQL."""

from __future__ import annotations

from bench import _peers
from bench._callers import rate_of
from bench._putting import putting
from bench._rows import MANY, TOKEN, VENTURE, fill, row_id
from bench._support import Bench, Figure, Measurement, compare
from bench.coalesced import coalesced
from holdfast.client import connect
from holdfast.config import Settings
from holdfast.contrib.langgraph import HoldfastSaver
from holdfast.engine.postgres import PostgresEngine

TITLE = "saves: supervisors' and graphs', beside LangGraph's own saver for PostgreSQL"
TALK = 40
"""Messages of 1 KB; a checkpoint has 20 KB on average."""
# Callers, messages of a thread, the target.
_PUTS = ((1, 1, 1.8), (32, 1, 6.0), (1, TALK, 1.5), (32, TALK, 4.0))


async def run(bench: Bench) -> list[Figure]:
    with bench.preparing("installing the peers"):
        python = _peers.installed()
    url = await bench.server.database()
    theirs = await bench.server.database()
    await fill(url)
    measurements: dict[str, Measurement] = {
        "save, 1": _saves(url, 1),
        "save, 32": _saves(url, 32),
        "coalesced, 256": coalesced(url, 256),
    }
    for callers, messages, _ in _PUTS:
        measurements[f"ours {callers} {messages}"] = _puts(url, callers, messages)
        peer = _peers.peer(python, "langgraph_puts", theirs, callers, messages)
        measurements[f"theirs {callers} {messages}"] = peer
    samples = await bench.alternate(measurements)
    for one in (url, theirs):
        await bench.server.drop(one)
    return [
        compare(
            "supervisor saves / LangGraph's puts of 1 KB, 1 caller",
            samples,
            "save, 1",
            "theirs 1 1",
        ),
        compare(
            "supervisor saves / LangGraph's puts of 1 KB, 32 callers",
            samples,
            "save, 32",
            "theirs 32 1",
        ),
        compare(
            "coalesced supervisor saves, 256 callers / LangGraph's puts of 1 KB, 32 callers",
            samples,
            "coalesced, 256",
            "theirs 32 1",
            at_least=20,
        ),
        *(
            compare(
                f"{_told(messages)} by HoldfastSaver / by LangGraph's, {callers} callers",
                samples,
                f"ours {callers} {messages}",
                f"theirs {callers} {messages}",
                at_least=target,
            )
            for callers, messages, target in _PUTS
        ),
    ]


def _told(messages: int) -> str:
    return "puts of 1 KB" if messages == 1 else f"a talk of {messages} KB, put after each KB,"


def _saves(url: str, callers: int) -> Measurement:
    """A save on every turn, each a call of its own: lease checked, state row updated, event written."""

    async def measure(seconds: float) -> float:
        engine = PostgresEngine(url, settings=Settings(pool_size=32))
        await engine.open()
        turns = [0] * callers

        async def save(number: int) -> None:
            turns[number] += 1
            await engine.call(
                "save_supervisor",
                supervisor_id=row_id((number + turns[number] * callers) % MANY),
                epoch=1,
                token=TOKEN,
                state="working",
                activity=f"turn {turns[number]}",
                progress=turns[number] % 100,
                venture_id=VENTURE,
            )

        try:
            return await rate_of(save, callers=callers, seconds=seconds)
        finally:
            await engine.close()

    return measure


def _puts(url: str, callers: int, messages: int) -> Measurement:
    async def measure(seconds: float) -> float:
        async with connect(url) as hf:
            put = putting(HoldfastSaver(hf), messages=messages)
            return await rate_of(put, callers=callers, seconds=seconds)

    return measure
