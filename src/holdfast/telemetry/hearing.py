"""Puts what programs say that they used into the metrics of their executions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from uuid import UUID

from holdfast.engine.calls import Calls
from holdfast.errors import Refused
from holdfast.telemetry.keys import Source
from holdfast.telemetry.usage import Speaker, Used

MOST_ROWS = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heard:
    """What came of it."""

    refused: int = 0
    """How many rows were refused."""
    reason: str = ""


async def hear(
    engine: Calls,
    witness: str,
    told: Iterable[tuple[Speaker, Used]],
    *,
    venture_id: UUID,
    source: Source | None = None,
) -> Heard:
    """Hear what was used; with a source it is of that execution, whatever it says itself."""
    by_speaker: dict[Speaker, list[Used]] = {}
    for speaker, used in told:
        by_speaker.setdefault(_known(speaker, source), []).append(used)
    heard = Heard()
    for speaker, rows in by_speaker.items():
        try:
            for start in range(0, len(rows), MOST_ROWS):
                await _hear_one(
                    engine, witness, speaker, rows[start : start + MOST_ROWS], venture_id
                )
        except Refused as refusal:
            heard = Heard(refused=heard.refused + len(rows), reason=refusal.message)
    return heard


def _known(speaker: Speaker, source: Source | None) -> Speaker:
    if source is None:
        return speaker
    return dataclasses.replace(speaker, execution_id=source.execution_id, epoch=source.epoch)


async def _hear_one(
    engine: Calls, witness: str, speaker: Speaker, rows: list[Used], venture_id: UUID
) -> None:
    await engine.call(
        "hear_usage",
        witness=witness,
        session_id=speaker.session_id,
        times=[row.time for row in rows],
        numbers=[row.number for row in rows],
        input_tokens=[row.input_tokens for row in rows],
        output_tokens=[row.output_tokens for row in rows],
        cost_usd=[row.cost_usd for row in rows],
        model_calls=[row.model_calls for row in rows],
        tool_calls=[row.tool_calls for row in rows],
        execution_id=speaker.execution_id,
        epoch=speaker.epoch,
        venture_id=venture_id,
    )
