"""The cache of a project's sessions: what is kept, and what happens to a damaged one."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import HoldfastError
from holdfast.sync.cache import (
    MOST_SESSIONS,
    Cache,
    CachedClaim,
    CachedSession,
    CacheState,
    checksum,
)

ROOT = Path(__file__).parents[2]
VENTURE = UUID(int=1)
WRITER = """
import sys
from pathlib import Path
from uuid import UUID
from tests.unit.test_cache import keep, session
from holdfast.sync.cache import Cache
for number in range(10):
    keep(Cache(Path(sys.argv[1])), session(f"{sys.argv[2]}-{number}"))
"""


def session(session_id: str = "s1", epoch: int = 1) -> CachedSession:
    return CachedSession(
        session_id=session_id,
        venture_id=VENTURE,
        epoch=epoch,
        token=UUID(int=2),
        claim=CachedClaim(sd_key="SD-1", epoch=3, token=UUID(int=4), phase="EXEC"),
        branch="fée/⚓",
        updated_at=datetime(2030, 1, 1, tzinfo=UTC),
    )


def keep(cache: Cache, one: CachedSession) -> None:
    cache.update(one.session_id, one.venture_id, lambda _: one)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new" / ".holdfast")
    assert cache.read() == CacheState()

    keep(cache, session("s1"))
    keep(cache, dataclasses.replace(session("s2"), claim=None, branch=None))

    assert cache.read().sessions == (
        session("s1"),
        dataclasses.replace(session("s2"), claim=None, branch=None),
    )
    assert cache.read().find("s1", VENTURE) == session("s1")
    assert cache.read().find("s1", UUID(int=9)) is None
    cache.update("s1", VENTURE, lambda _: None)
    assert [one.session_id for one in cache.read().sessions] == ["s2"]


def test_the_tokens_in_it_are_its_owners_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keep(cache, session())
    assert cache.file.stat().st_mode & 0o777 == 0o600
    cache.file.chmod(0o644)
    keep(cache, session("s2"))
    assert cache.file.stat().st_mode & 0o777 == 0o600


def test_git_does_not_see_a_projects_tokens(tmp_path: Path) -> None:
    cache = Cache(tmp_path / ".holdfast")
    keep(cache, session())
    assert (cache.folder / ".gitignore").read_text() == "*\n"
    (cache.folder / ".gitignore").write_text("somebody's own")
    keep(cache, session())
    assert (cache.folder / ".gitignore").read_text() == "somebody's own"


def test_only_the_newest_sessions_are_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for number in range(MOST_SESSIONS + 1):
        moment = datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
        keep(cache, dataclasses.replace(session(f"s{number}"), updated_at=moment))
    kept = [one.session_id for one in cache.read().sessions]
    assert (len(kept), kept[0]) == (MOST_SESSIONS, "s1")


def test_writing_leaves_nothing_beside_it(tmp_path: Path) -> None:
    keep(Cache(tmp_path), session())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["state.json", "state.lock"]


def test_a_change_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keep(cache, session())

    def fail(_: CachedSession | None) -> CachedSession | None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        cache.update("s1", VENTURE, fail)
    assert cache.read().sessions == (session(),)
    keep(cache, session("s2"))  # and the lock is free


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is not JSON"),
        ("{", "it is not JSON"),
        ("[]", "it is no JSON object"),
        ('{"version": 2}', "its version is 2; expected 1"),
        ('{"version": 1}', "'checksum' is missing"),
        (
            '{"version": 1, "checksum": "", "sessions": {}}',
            "its checksum does not fit its contents",
        ),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_a_damaged_cache_says_what_is_wrong(tmp_path: Path, text: str, problem: str) -> None:
    cache = Cache(tmp_path)
    cache.file.write_text(text)
    assert cache.read() == CacheState(problem=f"{cache.file} is damaged: {problem}.")


def test_one_digit_of_a_token_is_told(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keep(cache, session())
    cache.file.write_text(cache.file.read_text().replace(str(UUID(int=2)), str(UUID(int=3))))
    assert "checksum" in str(cache.read().problem)


def test_a_right_checksum_over_wrong_fields_is_told(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    wrong: list[object] = [[], {"s1": None}, {"s1": {"claim": 7}}, 7]
    for sessions in wrong:
        whole = {"version": 1, "checksum": checksum(sessions), "sessions": sessions}
        cache.file.write_text(json.dumps(whole))
        assert "is damaged" in str(cache.read().problem), sessions


@given(st.binary(max_size=300))
def test_random_bytes_are_told_and_never_crash(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    cache = Cache(tmp_path_factory.mktemp("cache"))
    cache.file.write_bytes(noise)
    assert "is damaged" in str(cache.read().problem)


def test_a_file_cut_at_any_byte_is_told(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    keep(cache, session())
    whole = cache.file.read_bytes()
    for length in range(len(whole) - 1):  # the last byte is the line's end
        cache.file.write_bytes(whole[:length])
        assert cache.read().problem is not None, length


def test_a_damaged_file_is_put_aside_and_not_deleted(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.file.write_text("precious")

    keep(cache, session())

    assert cache.read() == CacheState(sessions=(session(),))
    [aside] = tmp_path.glob("state.json.damaged-*")
    assert aside.read_text() == "precious"


def test_a_folder_where_the_file_should_be_is_told(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.file.mkdir()
    assert "cannot be read: Is a directory" in str(cache.read().problem)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file" / ".holdfast")
    with pytest.raises(HoldfastError, match="cannot be written: Not a directory"):
        cache.require_writable()
    with pytest.raises(HoldfastError, match="cannot be written: Not a directory"):
        keep(cache, session())


def test_processes_that_write_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, str(n)], cwd=ROOT)
        for n in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    assert len(Cache(tmp_path).read().sessions) == 40
