"""The command line as tests call it: what a command told, the database's clock, what was kept."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from holdfast.cli import main
from tests.support.sql import connected

START = "2030-01-01 12:00:00+00"


@dataclasses.dataclass(frozen=True)
class Told:
    """What a command told, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert (self.code, self.err) == (0, ""), self
        [line] = self.out.splitlines()
        return json.loads(line)

    def assert_refused(self, error: str, hint: str | None = None) -> None:
        """Word for word."""
        told = [f"error: {error}"] + ([f"next:  {hint}"] if hint else [])
        assert (self.code, self.out, self.err.splitlines()) == (1, "", told)

    def assert_refused_with(self, *words: str, code: int = 1) -> None:
        """What is wrong on one line, and perhaps what to do on a second one."""
        assert self.code == code, self
        assert self.out == ""
        assert "Traceback" not in self.err
        first, *more = self.err.splitlines()
        assert first.startswith("error: ")
        assert all(line.startswith("next: ") for line in more)
        assert len(more) <= 1
        for word in words:
            assert word in self.err, (word, self.err)


Command: TypeAlias = Callable[..., Told]


def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs commands in this process."""

    def run(*arguments: object) -> Told:
        monkeypatch.setattr(sys, "argv", ["holdfast", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        captured = capsys.readouterr()
        return Told(code, captured.out, captured.err)

    return run


def set_clock(url: str, moment: str) -> None:
    """Move the clock of every connection that is opened from now on; "" lets it run."""

    async def work() -> None:
        async with connected(url) as connection:
            database = await connection.fetchval("select current_database()")
            await connection.execute(f"alter database {database} set holdfast.now = '{moment}'")

    asyncio.run(work())


def events(url: str, type_: str) -> list[dict[str, Any]]:
    """What the events of a type say, in order."""

    async def work() -> list[dict[str, Any]]:
        async with connected(url) as connection:
            rows = await connection.fetch(
                "select data from holdfast.events where type = $1 order by xid, stream_id, seq",
                type_,
            )
            return [row["data"] for row in rows]

    return asyncio.run(work())


def started(cli: Command, session_id: str) -> str:
    cli("session", "start", "--id", session_id, "--json").json  # noqa: B018
    return session_id


def added(cli: Command, *keys: str) -> None:
    for key in keys:
        cli("directive", "add", key, f"title of {key}", "--json").json  # noqa: B018


def cache() -> dict[str, Any]:
    sessions_: dict[str, Any] = json.loads(Path(".holdfast/state.json").read_text())["sessions"]
    return sessions_
