"""Joining and leaving the embedded server, and keeping it: every process counts once."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from holdfast.engine import embedded
from tests.support.embedded import postmaster, query
from tests.support.processes import holder, is_alive


def test_the_first_join_makes_a_server_and_the_last_leave_stops_it(new_dir: Path) -> None:
    server = embedded.join(new_dir, fsync=False)
    assert query(server.url, "show server_version_num") >= "150000"
    assert query(server.url, "show data_checksums") == "on"
    assert query(server.url, "select upper('é')") == "É"
    pid = postmaster(new_dir)

    server.leave()

    assert not is_alive(pid)
    assert not embedded.is_running(new_dir).running


def test_data_is_there_when_the_server_is_started_again(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    query(server.url, "create table kept as select 42 as value")
    server.leave()

    again = embedded.join(data_dir, fsync=False)

    assert again.url == server.url
    assert query(again.url, "select value from kept") == 42
    again.leave()


def test_a_server_waits_for_the_disk_unless_a_test_says_otherwise(new_dir: Path) -> None:
    server = embedded.join(new_dir)
    assert query(server.url, "show fsync") == "on"
    server.leave()


def test_another_process_shares_the_server_and_the_last_of_both_stops_it(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    pid = postmaster(data_dir)
    with holder(data_dir) as other:
        assert other.url == server.url
        assert set(embedded.is_running(data_dir).holders) == {os.getpid(), other.process.pid}

        server.leave()
        assert query(other.url, "select 1") == 1
        assert postmaster(data_dir) == pid

        other.leave()
    assert not is_alive(pid)


def test_each_join_of_one_process_is_left_by_itself(data_dir: Path) -> None:
    first, second = embedded.join(data_dir, fsync=False), embedded.join(data_dir, fsync=False)
    first.leave()
    assert query(second.url, "select 1") == 1
    second.leave()
    assert not embedded.is_running(data_dir).running


def test_leaving_twice_does_not_take_the_server_from_others(data_dir: Path) -> None:
    first, second = embedded.join(data_dir, fsync=False), embedded.join(data_dir, fsync=False)
    first.leave()
    first.leave()
    embedded.leave(first)
    assert query(second.url, "select 1") == 1
    second.leave()


def test_a_process_that_forgets_to_leave_leaves_when_it_ends(data_dir: Path) -> None:
    with holder(data_dir) as forgetful:
        assert forgetful.url
        pid = postmaster(data_dir)
        forgetful.forget()
    assert not is_alive(pid)


def test_a_child_process_does_not_hold_what_its_parent_has_left(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    pid = postmaster(data_dir)
    with subprocess.Popen(["sleep", "600"], close_fds=False) as child:
        server.leave()
        child.kill()
    assert not is_alive(pid)


def test_eight_first_starts_at_once_give_one_server(new_dir: Path) -> None:
    with ExitStack() as stack:
        holders = [stack.enter_context(holder(new_dir)) for _ in range(8)]
        starts = {query(each.url, "select pg_postmaster_start_time()") for each in holders}
        assert len(starts) == 1
        pid = postmaster(new_dir)
        assert len(embedded.is_running(new_dir).holders) == 8
        for each in holders:
            assert is_alive(pid)
            each.leave()
    assert not is_alive(pid)


def test_joining_and_leaving_at_once_never_gives_a_server_that_is_gone(data_dir: Path) -> None:
    for _ in range(3):
        with holder(data_dir) as one, holder(data_dir) as other:
            one.leave()
            assert query(other.url, "select 1") == 1
            other.leave()
    assert not embedded.is_running(data_dir).running


def test_comings_and_goings_of_many_never_meet_a_server_that_stops(data_dir: Path) -> None:
    def come_and_go(_: int) -> int:
        server = embedded.join(data_dir, fsync=False)
        try:
            return int(query(server.url, "select 1"))
        finally:
            server.leave()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(come_and_go, range(24))) == 24
    assert not embedded.is_running(data_dir).running


def test_a_kept_server_stays_when_the_last_process_leaves_until_it_is_released(
    data_dir: Path,
) -> None:
    server = embedded.join(data_dir, fsync=False)
    embedded.keep(data_dir)
    server.leave()
    assert query(server.url, "select 1") == 1
    assert embedded.is_running(data_dir).kept

    embedded.release(data_dir)

    assert not embedded.is_running(data_dir).running
    assert not embedded.is_running(data_dir).kept


def test_a_released_server_stays_for_those_who_use_it(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    embedded.keep(data_dir)
    embedded.release(data_dir)
    assert query(server.url, "select 1") == 1
    server.leave()
    assert not embedded.is_running(data_dir).running


def test_releasing_what_was_never_there_makes_nothing(new_dir: Path) -> None:
    embedded.release(new_dir)
    assert not embedded.is_running(new_dir).running
    assert not new_dir.exists()
