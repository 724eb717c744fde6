"""What was journaled is applied in order, once, under its own lease; what is refused is kept and named."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import DatabaseUnavailable, HoldfastError
from holdfast.model.journal import JournalEntry
from tests.support.journals import Kept, Writer, engine_at, entry, make_writer, reclaim
from tests.support.patience import PATIENCE_SECONDS
from tests.support.sql import call, connected, connected_many

if TYPE_CHECKING:
    from holdfast.engine.connections import Connection

ROOT = Path(__file__).parents[2]
EXPIRED = 3600.0
REPLAYER = """
import asyncio, sys
from pathlib import Path
from holdfast.config import Settings
from holdfast.engine.postgres import PostgresEngine
from tests.support.journals import Kept
async def main():
    engine = PostgresEngine(sys.argv[1], settings=Settings())
    await engine.open()
    print(len((await Kept(folder=Path(sys.argv[2])).replay(engine)).applied))
    await engine.close()
asyncio.run(main())
"""


@pytest.fixture
async def engine(holdfast_url: str) -> AsyncIterator[PostgresEngine]:
    """The engine at the time when the leases were given."""
    async with engine_at(holdfast_url) as opened:
        yield opened


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(folder=tmp_path)


async def session_of(engine: PostgresEngine, writer: Writer) -> Any:
    return await session_in(engine.url, writer.session_id)


async def session_in(url: str, session_id: str) -> Any:
    async with connected(url) as connection:
        return await connection.fetchrow(
            "select * from holdfast.claude_sessions where session_id = $1", session_id
        )


async def directive_of(engine: PostgresEngine, sd_key: str = "SD-1") -> Any:
    async with connected(engine.url) as connection:
        return await connection.fetchrow(
            "select d.*, c.lease_token, c.lease_expires_at from holdfast.directives d"
            " join holdfast.directive_claims c on c.directive_id = d.id where d.sd_key = $1",
            sd_key,
        )


async def types_of(url: str, prefix: str) -> list[str]:
    """The kinds of events that came, in order."""
    async with connected(url) as connection:
        rows = await connection.fetch(
            "select type from holdfast.events where type like $1 order by xid, seq", f"{prefix}%"
        )
        return [row["type"] for row in rows]


async def test_entries_are_applied_in_order_and_leave_the_journal(
    engine: PostgresEngine, kept: Kept
) -> None:
    writer = await make_writer(engine)
    written = [
        writer.entry("save_session", state="idle", metadata={"branch": "b"}),
        writer.on_claim("move_directive_phase", phase="PLAN"),
        writer.on_claim("move_directive_phase", phase="EXEC"),
        writer.on_claim("release_directive", reason="away"),
        writer.entry("end_session", reason="done"),
    ]
    kept.write(*written)

    replayed = await kept.replay(engine)

    assert (replayed.applied, replayed.known, replayed.refused) == (tuple(written), (), ())
    assert (kept.journal.entries(), replayed.left, replayed.lines) == ((), 0, ())
    session, directive = await session_of(engine, writer), await directive_of(engine)
    assert (session["state"], session["end_reason"]) == ("ended", "done")
    assert session["metadata"]["branch"] == "b"
    assert (directive["phase"], directive["lease_token"]) == ("EXEC", None)


async def test_an_empty_journal_asks_the_database_nothing(
    engine: PostgresEngine, kept: Kept
) -> None:
    await engine.close()
    assert (await kept.replay(engine)).lines == ()
    assert not kept.journal.folder.exists()


async def test_every_function_of_the_list_is_applied(engine: PostgresEngine, kept: Kept) -> None:
    writer = await make_writer(engine)
    one = await begin(engine, writer, lease_seconds=60)
    fence = {"epochs": [one["epoch"]], "tokens": [one["token"]], "execution_ids": [one["id"]]}
    own = {"execution_id": one["id"], "epoch": one["epoch"], "token": one["token"]}
    kept.write(
        writer.entry("record_steps", **fence, positions=[1], names=["one"], statuses=["completed"]),
        writer.entry("append_logs", **fence, levels=["info"], messages=["m"], data=[{"a": 1}]),
        writer.entry("record_metrics", **own, input_tokens=5, cost_usd=0.25),
        writer.entry("finish_execution", **own, status="completed", result={"ok": True}),
        writer.entry("record_todos", items=[{"key": "a", "status": "completed"}]),
        writer.on_claim("move_directive", status="blocked", reason="the rain"),
        writer.entry("interrupt_session", reason="compaction"),
    )

    replayed = await kept.replay(engine)

    assert (len(replayed.applied), replayed.lines) == (7, ())
    async with connected(engine.url) as connection:
        done = await connection.fetchrow(
            "select e.status, e.result, e.completed_steps, l.message, l.data, m.input_tokens, m.cost_usd::float8"
            " from holdfast.agent_executions e join holdfast.agent_execution_logs l on l.execution_id = e.id"
            " join holdfast.execution_metrics m on m.execution_id = e.id where e.name = 'e'"
        )
        todos = "select completed_steps from holdfast.agent_executions where metadata ? 'todos'"
        assert await connection.fetchval(todos) == 1
    assert tuple(done or ()) == ("completed", {"ok": True}, 1, "m", {"a": 1}, 5, 0.25)
    assert (await directive_of(engine))["blocked_reason"] == "the rain"
    assert (await session_of(engine, writer))["state"] == "lost"


async def begin(engine: PostgresEngine, writer: Writer, *, lease_seconds: float | None) -> Any:
    """An execution of the session's, under a lease of its own or under none."""
    session = await session_of(engine, writer)
    execution_id = await engine.call_value("create_execution", name="e", session_id=session["id"])
    return await engine.call_row(
        "start_execution", execution_id=execution_id, lease_seconds=lease_seconds
    )


@pytest.mark.parametrize(
    "function",
    ["claim_directive", "start_session", "drop_old_partitions", "set_member", "", "pg_sleep"],
)
async def test_what_is_not_on_the_list_is_refused(
    engine: PostgresEngine, kept: Kept, function: str
) -> None:
    writer = await make_writer(engine)
    kept.write(writer.entry(function))
    [refused] = (await kept.replay(engine)).refused
    assert "a journal cannot ask for that" in refused.reason


# Once.


async def test_an_entry_that_was_applied_before_is_known(
    engine: PostgresEngine, kept: Kept
) -> None:
    writer = await make_writer(engine)
    one = await begin(engine, writer, lease_seconds=None)
    line = writer.entry(
        "append_logs", execution_ids=[one["id"]], epochs=[None], tokens=[None],
        levels=["info"], messages=["once"],
    )  # fmt: skip
    kept.write(line)
    await kept.replay(engine)
    kept.write(line, line)

    replayed = await kept.replay(engine)

    assert (replayed.applied, replayed.known) == ((), (line, line))
    async with connected(engine.url) as connection:
        assert await connection.fetchval("select count(*) from holdfast.agent_execution_logs") == 1


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_replayer_killed_at_a_commit_applies_nothing_twice_and_loses_nothing(
    engine: PostgresEngine, kept: Kept, moment: str
) -> None:
    writer = await make_writer(engine)
    one = await begin(engine, writer, lease_seconds=None)
    fence = {"execution_ids": [one["id"]], "epochs": [None], "tokens": [None]}
    kept.write(
        *(
            writer.entry("append_logs", **fence, levels=["info"], messages=[f"line {n}"])
            for n in range(3)
        )
    )
    killed = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", REPLAYER, engine.url, str(kept.folder)],
        cwd=ROOT,
        env={**os.environ, "HOLDFAST_FAILPOINT": f"{moment} replay_entry 2"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(kept.journal.entries()) == 3

    replayed = await kept.replay(engine)

    assert len(replayed.known) == (1 if moment == "before" else 2)
    assert (kept.journal.entries(), replayed.lines) == ((), ())
    async with connected(engine.url) as connection:
        rows = await connection.fetch(
            "select message from holdfast.agent_execution_logs order by line"
        )
    assert [row["message"] for row in rows] == ["line 0", "line 1", "line 2"]


async def test_replayers_at_once_apply_each_entry_once(engine: PostgresEngine, kept: Kept) -> None:
    writer = await make_writer(engine)
    one = await begin(engine, writer, lease_seconds=None)
    fence = {"execution_ids": [one["id"]], "epochs": [None], "tokens": [None]}
    kept.write(
        *(
            writer.entry("append_logs", **fence, levels=["info"], messages=[f"line {n}"])
            for n in range(20)
        )
    )

    replays = await asyncio.gather(*(kept.replay(engine) for _ in range(5)))

    assert sum(len(one.applied) for one in replays) == 20
    assert [one.lines for one in replays] == [()] * 5
    async with connected(engine.url) as connection:
        rows = await connection.fetch(
            "select message from holdfast.agent_execution_logs order by line"
        )
    assert [row["message"] for row in rows] == [f"line {n}" for n in range(20)]


async def test_two_calls_with_one_entry_take_turns(engine: PostgresEngine) -> None:
    writer = await make_writer(engine)
    one = writer.on_claim("move_directive_phase", phase="PLAN")
    calls = (engine.call_value("replay_entry", **fields_of(one)) for _ in range(8))
    outcomes = await asyncio.gather(*calls)
    assert sorted(outcomes) == ["applied"] + ["known"] * 7


async def test_who_cannot_send_because_another_does_is_told(
    engine: PostgresEngine, kept: Kept
) -> None:
    kept.write(entry())
    with kept.journal.alone():
        from holdfast.sync.replay import replay

        replayed = await replay(kept.journal, engine, kept.quarantine, patience_seconds=0)
    assert replayed.lines == ("still in the journal: 1. Another process is sending them.",)
    assert len(kept.journal.entries()) == 1


async def test_what_was_committed_before_its_answer_was_lost_is_known(
    engine: PostgresEngine, kept: Kept
) -> None:
    """The caller could not know, and journaled what it had asked for."""
    writer = await make_writer(engine)
    await engine.call("move_directive_phase", **writer.claim, phase="PLAN")
    moved = writer.on_claim("move_directive_phase", phase="PLAN")
    kept.write(moved)
    assert (await kept.replay(engine)).known == (moved,)

    await engine.call("move_directive", **writer.claim, status="blocked", reason="r")
    blocked = writer.on_claim("move_directive", status="blocked", reason="r")
    released = writer.on_claim("release_directive")
    kept.write(blocked, released)
    assert (await kept.replay(engine)).known == (blocked, released)

    fence = {"session_id": "s1", "epoch": writer.epoch, "token": writer.token}
    await engine.call("interrupt_session", **fence)
    interrupted = writer.entry("interrupt_session")
    kept.write(interrupted)
    assert (await kept.replay(engine)).known == (interrupted,)

    other = await make_writer(engine, "s2", "SD-2")
    fence = {"session_id": "s2", "epoch": other.epoch, "token": other.token}
    await engine.call("end_session", **fence)
    ended = other.entry("end_session")
    kept.write(ended)
    assert (await kept.replay(engine)).known == (ended,)


# Under its own lease.


async def test_a_lease_that_ran_out_and_was_taken_by_nobody_is_the_writers_still(
    holdfast_url: str, kept: Kept
) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
        execution = await begin(engine, writer, lease_seconds=60)
        before = (await session_of(engine, writer))["lease_expires_at"]
    fence = {
        "execution_ids": [execution["id"]],
        "epochs": [execution["epoch"]],
        "tokens": [execution["token"]],
    }
    kept.write(
        writer.entry("save_session", metadata={"branch": "b"}),
        writer.on_claim("move_directive_phase", phase="PLAN"),
        writer.entry("append_logs", **fence, levels=["info"], messages=["late"]),
    )
    async with engine_at(holdfast_url, EXPIRED) as engine:
        replayed = await kept.replay(engine)

        assert (len(replayed.applied), replayed.lines) == (3, ())
        session, directive = await session_of(engine, writer), await directive_of(engine)
        assert (session["metadata"]["branch"], directive["phase"]) == ("b", "PLAN")
        # It is over all the same: nobody is kept out by a lease that nobody beats.
        assert (session["lease_expires_at"], directive["lease_expires_at"]) == (before, before)
        async with connected(holdfast_url) as connection:
            rows = await connection.fetch("select lease_expires_at from holdfast.agent_executions")
        assert [row[0] for row in rows] == [before]


async def test_a_session_that_was_taken_for_lost_meanwhile_is_ended_as_it_said(
    holdfast_url: str, kept: Kept
) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
    kept.write(writer.entry("save_session", state="idle"), writer.entry("end_session", reason="r"))
    async with engine_at(holdfast_url, EXPIRED) as engine:
        await engine.call("reap")
        assert (await session_of(engine, writer))["state"] == "lost"

        assert (await kept.replay(engine)).lines == ()

        assert (await session_of(engine, writer))["state"] == "ended"
        assert await types_of(holdfast_url, "session.") == [
            "session.started",
            "session.lost",
            "session.resumed",
            "session.saved",
            "session.ended",
        ]


async def test_what_was_written_under_a_lost_lease_is_kept_aside_and_never_applied(
    holdfast_url: str, kept: Kept
) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
    one = writer.on_claim("move_directive_phase", phase="PLAN")
    two = writer.entry("end_session", reason="r")
    kept.write(one, two)
    async with engine_at(holdfast_url, EXPIRED) as engine:
        again = await engine.call_row("start_session", session_id="s1", holder="a twin")
        await reclaim(engine, "s1", again["epoch"], again["token"], "SD-1")

        replayed = await kept.replay(engine)

        assert (replayed.applied, len(replayed.refused), kept.journal.entries()) == ((), 2, ())
        assert (await directive_of(engine))["phase"] == "LEAD"
        assert (await session_of(engine, writer))["state"] == "running"
    for refused, written in zip(replayed.refused, (one, two), strict=True):
        told = json.loads(refused.file.read_text())
        assert (told["code"], told["entry"]["id"]) == ("LeaseLost", str(written.id))
        assert "was taken by a twin (epoch 2)" in told["reason"]
        assert f"{written.function} of s1, written at 2030-01-01 12:00:00 UTC" in refused.line
        assert refused.file.stat().st_mode & 0o777 == 0o600


async def test_a_replay_that_waits_for_a_twin_is_refused_when_the_twin_has_begun(
    holdfast_url: str, kept: Kept
) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
    kept.write(writer.entry("end_session"))
    async with engine_at(holdfast_url, EXPIRED) as engine, connected_many(holdfast_url, 2) as both:
        twin, watcher = both
        async with twin.transaction():
            await call(twin, "start_session", session_id="s1", holder="a twin")
            replaying = asyncio.create_task(kept.replay(engine))
            await until_somebody_waits_for(watcher, twin)
        assert "was taken by a twin" in (await replaying).refused[0].reason
        assert (await session_of(engine, writer))["state"] == "running"


async def test_who_takes_over_what_is_being_replayed_gets_it_afterwards_with_what_was_replayed(
    holdfast_url: str, kept: Kept
) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
    moved = writer.on_claim("move_directive_phase", phase="PLAN")
    async with engine_at(holdfast_url, EXPIRED) as engine, connected_many(holdfast_url, 2) as both:
        replayer, watcher = both
        other = await engine.call_row("start_session", session_id="s2")
        async with replayer.transaction():
            await call(replayer, "replay_entry", **fields_of(moved))
            taking = asyncio.create_task(
                reclaim(engine, "s2", other["epoch"], other["token"], "SD-1")
            )
            await until_somebody_waits_for(watcher, replayer)
        taken = await taking
        # The lease was over: it was prolonged for the replay only.
        assert (taken["mechanism"], taken["taken_from"], taken["phase"]) == (
            "expired",
            "s1",
            "PLAN",
        )


async def until_somebody_waits_for(watcher: Connection, holder: Connection) -> None:
    waiting = "select exists (select from pg_stat_activity where $1 = any (pg_blocking_pids(pid)))"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await watcher.fetchval(waiting, holder.get_server_pid()):
            await asyncio.sleep(0.005)


def fields_of(one: JournalEntry) -> dict[str, Any]:
    """An entry as the database takes it."""
    fields = dataclasses.asdict(one)
    return {"entry_id": fields.pop("id"), "written_at": fields.pop("at"), **fields}


async def test_a_claim_that_another_session_has_taken_is_not_the_writers_any_more(
    holdfast_url: str, kept: Kept
) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
    kept.write(
        writer.on_claim("move_directive", status="completed"),
        writer.on_claim("release_directive"),
        writer.entry("save_session", metadata={"branch": "mine"}),
    )
    async with engine_at(holdfast_url, EXPIRED) as engine:
        other = await engine.call_row("start_session", session_id="s2")
        await reclaim(engine, "s2", other["epoch"], other["token"], "SD-1")

        replayed = await kept.replay(engine)

        assert [one.function for one in replayed.applied] == ["save_session"]
        assert len(replayed.refused) == 2
        directive = await directive_of(engine)
        assert (directive["status"], directive["lease_token"] is None) == ("active", False)


async def test_an_execution_that_the_reaper_has_closed_stays_closed(
    holdfast_url: str, kept: Kept
) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
        one = await begin(engine, writer, lease_seconds=60)
        free = await begin(engine, writer, lease_seconds=None)
    leased = {"execution_ids": [one["id"]], "epochs": [one["epoch"]], "tokens": [one["token"]]}
    unleased = {"execution_ids": [free["id"]], "epochs": [None], "tokens": [None]}
    line = {"levels": ["info"], "messages": ["m"]}
    kept.write(
        writer.entry("append_logs", **leased, **line),
        writer.entry("append_logs", **unleased, **line),
    )
    async with engine_at(holdfast_url, EXPIRED) as engine:
        await engine.call("reap")

        replayed = await kept.replay(engine)

        # What has no lease of its own is fenced by its session's, and outlives the database's absence.
        assert [one.arguments["execution_ids"] for one in replayed.applied] == [[str(free["id"])]]
        assert "was ended; nobody holds it now" in replayed.refused[0].reason


async def test_an_execution_of_another_session_is_not_written_without_its_token(
    engine: PostgresEngine, kept: Kept
) -> None:
    writer, other = await make_writer(engine), await make_writer(engine, "s2", "SD-2")
    free = await begin(engine, other, lease_seconds=None)
    fence = {"execution_ids": [free["id"]], "epochs": [None], "tokens": [None]}
    kept.write(writer.entry("append_logs", **fence, levels=["info"], messages=["m"]))
    [refused] = (await kept.replay(engine)).refused
    assert "is not of the session s1" in refused.reason


async def test_a_call_on_a_directive_without_a_token_is_refused(
    engine: PostgresEngine, kept: Kept
) -> None:
    writer = await make_writer(engine)
    kept.write(writer.entry("move_directive", sd_key="SD-1", status="cancelled"))
    [refused] = (await kept.replay(engine)).refused
    assert refused.reason == "The entry brings no token of its claim on SD-1."


async def test_an_illegal_move_is_refused_and_the_rest_is_applied(
    engine: PostgresEngine, kept: Kept
) -> None:
    writer = await make_writer(engine)
    wrong = writer.on_claim("move_directive_phase", phase="COMPLETE")
    garbage = [
        writer.on_claim("move_directive_phase", phase="NO SUCH PHASE"),
        writer.entry("release_directive", sd_key="SD-9", epoch=1, token=str(uuid.uuid4())),
        writer.entry("release_directive", sd_key="SD-1", epoch="many", token="none"),
        writer.entry("append_logs"),
        dataclasses.replace(writer.entry("end_session"), session_id="nobody"),
        dataclasses.replace(writer.entry("end_session"), epoch=2**80),
    ]
    right = writer.on_claim("move_directive_phase", phase="PLAN")
    kept.write(wrong, *garbage, right)

    replayed = await kept.replay(engine)

    assert replayed.applied == (right,)
    assert (len(replayed.refused), replayed.stopped_by) == (7, None)
    assert len(list(kept.quarantine.folder.glob("*.json"))) == 7


@pytest.mark.parametrize("year", [1970, 9999])
async def test_the_writers_clock_decides_nothing(
    engine: PostgresEngine, kept: Kept, year: int
) -> None:
    writer = await make_writer(engine)
    one = writer.on_claim("move_directive_phase", phase="PLAN")
    kept.write(dataclasses.replace(one, at=one.at.replace(year=year)))
    assert len((await kept.replay(engine)).applied) == 1


@pytest.mark.parametrize("seconds", [-1e9, -1.0, 1e9])
async def test_the_databases_clock_may_jump(holdfast_url: str, kept: Kept, seconds: float) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
    kept.write(writer.on_claim("move_directive_phase", phase="PLAN"), writer.entry("end_session"))
    async with engine_at(holdfast_url, seconds) as engine:
        replayed = await kept.replay(engine)
        assert (len(replayed.applied), replayed.lines) == (2, ())


async def test_damaged_lines_are_kept_aside_as_they_are(engine: PostgresEngine, kept: Kept) -> None:
    writer = await make_writer(engine)
    kept.write(writer.on_claim("move_directive_phase", phase="PLAN"))
    with kept.journal.file.open("ab") as file:
        file.write(b"torn \xff")

    replayed = await kept.replay(engine)

    assert len(replayed.applied) == 1
    [refused] = replayed.refused
    assert refused.line.startswith("not applied: an entry: It is damaged, 6 bytes. It is kept in ")
    assert refused.file.read_bytes() == b"torn \xff"
    assert not kept.journal.file.exists()


async def test_what_is_in_quarantine_is_not_tried_again(engine: PostgresEngine, kept: Kept) -> None:
    """A replayer died after it put it there and before it took it out of the journal."""
    writer = await make_writer(engine)
    one = writer.on_claim("move_directive_phase", phase="PLAN")
    kept.write(one)
    kept.quarantine.keep(one, HoldfastError("refused once"))

    replayed = await kept.replay(engine)

    assert (replayed.applied, kept.journal.entries()) == ((), ())
    assert (await directive_of(engine))["phase"] == "LEAD"
    assert "refused once" in kept.quarantine.file_of(one.id).read_text()


async def test_without_a_quarantine_the_refused_stays_in_the_journal(
    engine: PostgresEngine, kept: Kept
) -> None:
    writer = await make_writer(engine)
    (kept.folder / "quarantine").write_text("in the way")
    first = writer.on_claim("move_directive_phase", phase="PLAN")
    wrong, last = entry("end_session"), writer.entry("end_session")
    kept.write(first, wrong, last)

    replayed = await kept.replay(engine)

    assert (replayed.applied, replayed.left) == ((first,), 2)
    assert kept.journal.entries() == (wrong, last)
    assert "still in the journal: 2. The quarantine" in replayed.lines[0]


async def test_when_the_database_goes_away_the_rest_stays_in_the_journal(
    engine: PostgresEngine, kept: Kept
) -> None:
    writer = await make_writer(engine)
    first, second = (
        writer.on_claim("move_directive_phase", phase="PLAN"),
        writer.on_claim("move_directive_phase", phase="EXEC"),
    )
    kept.write(first, second)

    class GoesAway(PostgresEngine):
        async def call(self, function: str, /, **arguments: Any) -> Any:
            rows = await engine.call(function, **arguments)
            await engine.close()
            return rows

    replayed = await kept.replay(GoesAway(engine.url, settings=engine._settings))

    assert replayed.applied == (first,)
    assert isinstance(replayed.stopped_by, DatabaseUnavailable)
    assert (replayed.left, kept.journal.entries()) == (1, (second,))


async def test_applied_entries_are_forgotten_when_history_is(holdfast_url: str, kept: Kept) -> None:
    async with engine_at(holdfast_url) as engine:
        writer = await make_writer(engine)
        kept.write(writer.entry("save_session"))
        await kept.replay(engine)
    counts = []
    for days in (89, 91):
        async with engine_at(holdfast_url, days * 86400) as engine:
            await engine.call("drop_old_partitions", retention_days=90)
        async with connected(holdfast_url) as connection:
            counts.append(
                await connection.fetchval("select count(*) from holdfast.journal_entries")
            )
    assert counts == [1, 0]
