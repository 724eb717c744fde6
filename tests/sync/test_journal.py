"""The journal as a file: cut, damaged, full, closed, written by several at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import HoldfastError, InvalidValue, TooLarge
from holdfast.sync import journal as module
from holdfast.sync._entries import digest
from holdfast.sync.files import locked
from holdfast.sync.journal import Journal
from tests.support.journals import entry
from tests.support.processes import wait_until
from tests.support.sql import START

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from pathlib import Path
from holdfast.sync.journal import Journal
from tests.support.journals import entry
for number in range(20):
    Journal(Path(sys.argv[1])).append(entry(number=f"{sys.argv[2]}-{number}"))
    print(number, flush=True)
sys.stdin.read()
"""


def writer(folder: Path, name: object) -> subprocess.Popen[bytes]:
    """A process that adds twenty entries, says so after each, and waits."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, folder, str(name)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def test_what_is_appended_is_read_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / ".holdfast" / "journal")
    assert journal.entries() == ()
    written = [entry(number=n, text="fée ⚓\n\x00", nested={"a": [None, 1.5]}) for n in range(3)]

    for one in written:
        journal.append(one)

    assert journal.entries() == tuple(written)
    assert journal.read().damaged == ()


def test_ids_and_times_in_arguments_are_kept_as_texts(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(entry(token=UUID(int=5), at=START))
    assert journal.entries()[0].arguments == {"token": str(UUID(int=5)), "at": START.isoformat()}


def test_a_journal_cut_at_every_byte_is_read_up_to_the_last_whole_entry_and_written_on(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    written = [entry(number=n) for n in range(3)]
    ends = [0]
    for one in written:
        journal.append(one)
        ends.append(journal.file.stat().st_size)
    whole, later = journal.file.read_bytes(), entry(later=True)
    for length in range(len(whole) + 1):
        journal.file.write_bytes(whole[:length])
        # An entry is whole without its line's end.
        readable = tuple(
            one for one, end in zip(written, ends[1:], strict=True) if length >= end - 1
        )
        state = journal.read()
        assert state.entries == readable, length
        assert len(state.damaged) == (length not in {*ends, *(end - 1 for end in ends)}), length

        journal.append(later)

        assert journal.entries() == (*readable, later), length


def test_every_damaged_byte_costs_one_entry_at_most_and_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    written = [entry(number=n) for n in range(3)]
    for one in written:
        journal.append(one)
    whole = journal.file.read_bytes()
    for place in range(len(whole)):
        journal.file.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        state = journal.read()
        # A damaged line's end makes one line of two.
        assert len(state.entries) >= (1 if whole[place : place + 1] == b"\n" else 2), place
        assert {one.id for one in state.entries} <= {one.id for one in written}


@given(st.binary(max_size=400))
def test_random_bytes_are_told_and_never_crash(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal"))
    journal.file.write_bytes(noise)
    state = journal.read()
    assert state.entries == ()
    assert b"\n".join(state.damaged) == b"\n".join(line for line in noise.split(b"\n") if line)
    journal.append(entry())
    assert len(journal.entries()) == 1


def test_a_right_checksum_over_wrong_fields_is_damage(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    texts = [b"[]", b"null", b"{}", b'{"id": 7}', b"[" * 100_000]
    journal.file.write_bytes(b"".join(digest(t) + b" " + t + b"\n" for t in texts))
    assert (journal.entries(), len(journal.read().damaged)) == ((), len(texts))


def test_what_is_removed_is_gone_and_what_came_meanwhile_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    first, second, third = entry(), entry(), entry()
    for one in (first, second):
        journal.append(one)
    read = journal.entries()
    journal.append(third)

    journal.remove([one.id for one in read])

    assert journal.entries() == (third,)
    journal.remove([third.id])
    assert not journal.file.exists()


def test_its_tokens_are_its_owners_alone_and_git_does_not_see_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path / ".holdfast" / "journal")
    journal.append(entry())
    assert journal.file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / ".holdfast" / ".gitignore").read_text() == "*\n"


def test_an_entry_that_is_too_large_is_refused_and_the_journal_is_as_it_was(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(entry())
    before = journal.file.read_bytes()
    with pytest.raises(TooLarge, match="the journal takes 1048576"):
        journal.append(entry(text="x" * module.MOST_ENTRY_BYTES))
    assert journal.file.read_bytes() == before


def test_a_full_journal_says_so_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path)
    journal.append(entry())
    before = journal.file.read_bytes()
    monkeypatch.setattr(module, "MOST_BYTES", len(before) + 10)
    with pytest.raises(TooLarge, match="is full") as refusal:
        journal.append(entry())
    assert "Bring the database back" in str(refusal.value.hint)
    assert journal.file.read_bytes() == before


def test_what_is_not_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="The arguments of save_session are not JSON"):
        Journal(tmp_path).append(entry(value=object()))
    with pytest.raises(InvalidValue, match="are not JSON"):
        Journal(tmp_path).append(entry(value=float("nan")))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "journal")
    with pytest.raises(HoldfastError, match="cannot be written: Not a directory") as refusal:
        journal.append(entry())
    assert str(journal.file) in refusal.value.message


def test_a_disk_that_takes_only_half_a_line_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(entry())
    size = journal.file.stat().st_size
    text = f"""
import resource, signal
from pathlib import Path
from holdfast.errors import HoldfastError
from holdfast.sync.journal import Journal
from tests.support.journals import entry
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size} + 100, {size} + 100))
try:
    Journal(Path({str(tmp_path)!r})).append(entry())
except HoldfastError as error:
    print(error)
"""
    ran = subprocess.run(
        [sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "cannot be written: File too large" in ran.stdout
    assert (journal.file.stat().st_size, len(journal.entries())) == (size, 1)


def test_a_second_process_waits_for_its_turn(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with locked(tmp_path, "journal.lock"):
        second = writer(tmp_path, "second")
        inode = (tmp_path / "journal.lock").stat().st_ino
        waits = f"-> FLOCK  ADVISORY  WRITE {second.pid} "
        wait_until(
            lambda: any(
                waits in line and f":{inode} " in line
                for line in Path("/proc/locks").read_text().splitlines()
            ),
            "the second process waits",
        )
        assert journal.entries() == ()
    second.communicate(timeout=30)
    assert len(journal.entries()) == 20


def test_processes_that_write_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    writers = [writer(tmp_path, number) for number in range(4)]
    for one in writers:
        one.communicate(timeout=60)
    numbers = [one.arguments["number"] for one in Journal(tmp_path).entries()]
    assert len(numbers) == 80
    for name in range(4):  # each one's own are in order
        own = [number for number in numbers if number.startswith(f"{name}-")]
        assert own == [f"{name}-{number}" for number in range(20)]


def test_what_was_said_to_be_written_is_there_though_the_writer_was_killed(tmp_path: Path) -> None:
    one = writer(tmp_path, "killed")
    assert one.stdout is not None
    told = [one.stdout.readline() for _ in range(5)]
    os.kill(one.pid, signal.SIGKILL)
    one.communicate()
    assert len(told) == 5
    assert len(Journal(tmp_path).entries()) >= 5
    Journal(tmp_path).append(entry())  # and the lock is free


def test_only_one_at_a_time_sends_it_and_adding_goes_on_meanwhile(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with journal.alone() as first, Journal(tmp_path).alone() as second:
        assert (first, second) == (True, False)
        journal.append(entry())
    with journal.alone() as again:
        assert again
