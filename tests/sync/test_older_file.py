"""The cache's older format: what it says is kept, whoever else writes into it, and whatever is in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import HoldfastError
from holdfast.sync.cache import Cache
from holdfast.sync.older_file import OlderFile, OlderState
from tests.unit.test_cache import VENTURE, keep, session


@pytest.fixture
def older(tmp_path: Path) -> OlderFile:
    (tmp_path / ".claude").mkdir()
    return OlderFile(tmp_path)


def whole(older: OlderFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(older.file.read_text())
    return found


def test_what_is_written_is_read_again_for_each_session(older: OlderFile) -> None:
    assert older.read("s1") == OlderState()
    older.write("s1", {"currentSd": "SD-1", "isActive": True})
    older.write("s2", {"currentSd": "SD-2"})
    assert older.read("s1").fields == {"currentSd": "SD-1", "isActive": True}
    assert older.read("s2").fields == {"currentSd": "SD-2"}
    assert (whole(older)["currentSd"], whole(older)["sessionId"]) == ("SD-2", "s2")


def test_a_neighbours_keys_are_not_wiped(older: OlderFile) -> None:
    older.file.write_text('{"currentSd": "SD-0", "currentTask": "t", "theirs": {"a": [1]}}')
    older.write("s1", {"currentSd": "SD-1", "notOurs": 1})
    assert whole(older) == {
        "currentSd": "SD-1",
        "currentTask": "t",
        "theirs": {"a": [1]},
        "sessionId": "s1",
        "sessions": {"s1": {"currentSd": "SD-1", "currentTask": "t"}},
    }


def test_what_an_older_program_writes_at_the_top_counts(older: OlderFile) -> None:
    older.file.write_text('{"currentSd": "SD-0"}')
    assert older.read("whichever").fields == {"currentSd": "SD-0"}
    older.write("s1", {"currentSd": "SD-1"})
    text = whole(older)
    older.file.write_text(json.dumps({**text, "currentSd": "SD-9"}))
    assert older.read("s1").fields["currentSd"] == "SD-9"
    assert older.read("s2").fields == {}


def test_a_session_that_is_over_is_not_current(older: OlderFile) -> None:
    older.write("s1", {"currentSd": "SD-1", "isActive": True})
    older.write("s2", {"currentSd": "SD-2", "isActive": True, "currentTask": "t"})
    older.forget("s1")
    assert (older.read("s1").fields, whole(older)["currentSd"]) == ({}, "SD-2")
    older.forget("s2")
    assert (whole(older)["currentSd"], whole(older)["isActive"], whole(older)["sessions"]) == (
        None,
        False,
        {},
    )
    assert whole(older)["currentTask"] == "t"


def test_only_so_many_sessions_are_kept(older: OlderFile) -> None:
    for number in range(103):
        older.write(f"s{number}", {"currentSd": "SD-1"})
    assert list(whole(older)["sessions"]) == [f"s{number}" for number in range(3, 103)]


@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["sessions", "sessionId", "currentSd", "s1", "x"]), inner
    ),
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_whatever_is_in_it_is_told_and_written_over_or_put_aside(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    older = OlderFile(tmp_path_factory.mktemp("project"))
    older.file.parent.mkdir()
    older.file.write_bytes(noise)
    problem = older.read("s1").problem
    assert problem is None or problem.endswith("is damaged: it is no JSON object.")

    older.write("s1", {"currentSd": "SD-1"})
    older.forget("s2")

    assert older.read("s1").fields["currentSd"] == "SD-1"
    aside = list(older.file.parent.glob("*.damaged-*"))
    assert [file.read_bytes() for file in aside] == ([noise] if problem else [])


def test_a_file_that_cannot_be_written_is_named(older: OlderFile) -> None:
    older.file.mkdir()
    assert "cannot be read: Is a directory" in str(older.read("s1").problem)
    with pytest.raises(HoldfastError, match="cannot be written: Is a directory"):
        older.write("s1", {"currentSd": "SD-1"})


def test_the_cache_keeps_it_where_the_project_has_the_folder(tmp_path: Path) -> None:
    cache, older = Cache(tmp_path / ".holdfast"), OlderFile(tmp_path)
    keep(cache, session("s1"))
    assert not older.file.parent.exists()
    older.file.parent.mkdir()

    keep(cache, session("s1"))

    assert older.read("s1").fields == {
        "currentSd": "SD-1",
        "currentPhase": "EXEC",
        "branch": "fée/⚓",
        "lastUpdatedAt": "2030-01-01T00:00:00+00:00",
    }
    cache.update("s1", VENTURE, lambda _: None)
    assert older.read("s1").fields == {}
    assert cache.read().find("s1", UUID(int=1)) is None


def test_an_older_file_that_cannot_be_written_costs_the_cache_nothing(tmp_path: Path) -> None:
    cache, older = Cache(tmp_path / ".holdfast"), OlderFile(tmp_path)
    older.file.mkdir(parents=True)
    keep(cache, session("s1"))
    assert cache.read().sessions == (session("s1"),)
