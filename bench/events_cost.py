"""What an event costs its writer; and what telling of the change by NOTIFY in a trigger would cost instead."""

from __future__ import annotations

import re

from bench._rows import SAVE, fill
from bench._server import connected
from bench._support import Bench, Figure, Measurement, compare

TITLE = "events: the writer with its event row, and with NOTIFY in a row trigger instead"
CLIENTS = (1, 32)
SILENT = SAVE.replace("holdfast.save_supervisor", "holdfast.save_without_event")
_TRIGGER = """
create function bench.ring() returns trigger language plpgsql as $$
begin
    perform pg_notify('bench', new.id::text);
    return null;
end
$$;
create trigger ring after update on holdfast.supervisor_states for each row execute function bench.ring();
"""


async def run(bench: Bench) -> list[Figure]:
    url = await bench.server.database()
    await fill(url)
    await _add_silent_save(url)
    ringing_url = await bench.server.database(template=url)
    async with connected(ringing_url) as connection:
        await connection.execute(_TRIGGER)
        await connection.add_listener("bench", lambda *_: None)
        measurements: dict[str, Measurement] = {}
        for n in CLIENTS:
            measurements[f"silent {n}"] = bench.rate(url, SILENT, clients=n)
            measurements[f"event {n}"] = bench.rate(url, SAVE, clients=n)
            measurements[f"notify {n}"] = bench.rate(ringing_url, SILENT, clients=n)
        samples = await bench.alternate(measurements)
    for each in (url, ringing_url):
        await bench.server.drop(each)
    return [
        figure
        for n in CLIENTS
        for figure in (
            compare(
                f"save with its event row / without, {n} client(s)",
                samples,
                f"event {n}",
                f"silent {n}",
            ),
            compare(
                f"save with NOTIFY in a trigger, one listener / without, {n} client(s)",
                samples,
                f"notify {n}",
                f"silent {n}",
            ),
        )
    ]


async def _add_silent_save(url: str) -> None:
    """The engine's own save with the event taken out of its text, so that it is the same in all else."""
    async with connected(url) as connection:
        text: str = await connection.fetchval(
            "select pg_get_functiondef('holdfast.save_supervisor'::regproc)"
        )
        text = text.replace("holdfast.save_supervisor", "holdfast.save_without_event")
        text, removed = re.subn(r"\n *insert into events [^;]*;", "", text)
        assert removed == 1, "save_supervisor writes its event in another way now"
        await connection.execute(text)
