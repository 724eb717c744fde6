from __future__ import annotations

import subprocess
import sys
from uuid import UUID

from holdfast.engine.postgres import PostgresEngine
from holdfast.live.cursor import Cursor
from tests.support.feed import new_streams, write_batch, written

LINES_BEFORE_THE_KILL = 100


def follow(url: str, since: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-m", "tests.support.print_feed", url, since]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


async def test_a_reader_killed_in_the_middle_of_a_batch_goes_on_behind_its_last_event(
    engine: PostgresEngine,
) -> None:
    venture_id: UUID = await engine.call_value("open_venture", slug="acme")
    streams = await new_streams(engine, venture_id, 20)
    await write_batch(engine.url, venture_id, streams, each=100)  # more than a pipe holds
    truth = await written(engine.url)

    lines: list[str] = []
    while len(lines) < len(truth):
        since = lines[-1].split()[2] if lines else "start"
        with follow(engine.url, since) as process:
            assert process.stdout is not None
            wanted = min(LINES_BEFORE_THE_KILL, len(truth) - len(lines))
            lines += [process.stdout.readline() for _ in range(wanted)]
            process.kill()
            # What it had written by then was delivered too, but for a line that it did not finish.
            lines += [line for line in process.stdout if line.endswith("\n")]
        assert len(lines) == len(truth) or Cursor.parse(lines[-1].split()[2]).part is not None

    delivered = [(UUID(stream), int(seq)) for stream, seq, _ in map(str.split, lines)]
    assert len(delivered) == len(truth)
    assert set(delivered) == truth
    for stream in streams:
        assert [seq for of, seq in delivered if of == stream] == list(range(1, 103))
