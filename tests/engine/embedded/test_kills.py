"""The embedded server and those who use it, killed at every moment."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from holdfast.engine import embedded
from holdfast.engine.embedded import processes
from tests.support.embedded import (
    as_root,
    busy_query,
    cluster,
    on_linux,
    postmaster,
    query,
    works_in,
)
from tests.support.processes import children_of, holder, is_alive, kill, wait_until


def test_a_server_survives_sigkill_of_its_starter_and_the_next_to_leave_stops_it(
    data_dir: Path,
) -> None:
    with holder(data_dir) as starter:
        query(starter.url, "create table kept as select 42 as value")
        pid = postmaster(data_dir)
        starter.kill()

    server = embedded.join(data_dir, fsync=False)
    assert postmaster(data_dir) == pid
    assert query(server.url, "select value from kept") == 42
    server.leave()
    assert not is_alive(pid)


def test_sigkill_of_all_who_use_it_counts_as_their_leaving(data_dir: Path) -> None:
    with ExitStack() as stack:
        for each in [stack.enter_context(holder(data_dir)) for _ in range(3)]:
            assert each.url
            each.kill()
    pid = postmaster(data_dir)
    assert embedded.is_running(data_dir).holders == ()

    embedded.join(data_dir, fsync=False).leave()

    assert not is_alive(pid)


def test_committed_data_survives_sigkill_of_every_process_of_the_server(data_dir: Path) -> None:
    with holder(data_dir, fsync=True) as killed:
        query(killed.url, "create table kept as select 42 as value")
        pid = postmaster(data_dir)
        kill(killed.process.pid, pid, *children_of(pid))

    server = embedded.join(data_dir)
    assert postmaster(data_dir) != pid
    assert query(server.url, "select value from kept") == 42
    server.leave()


def test_a_server_that_was_killed_in_use_is_revived_at_the_same_address(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    pid = postmaster(data_dir)
    kill(pid)
    assert not embedded.is_running(data_dir).running

    server.revive()

    assert query(server.url, "select 1") == 1
    server.leave()
    assert not embedded.is_running(data_dir).running


def test_leaving_a_server_that_was_killed_is_quiet_and_the_next_join_starts_it(
    data_dir: Path,
) -> None:
    server = embedded.join(data_dir, fsync=False)
    kill(postmaster(data_dir))
    server.leave()

    again = embedded.join(data_dir, fsync=False)
    assert query(again.url, "select 1") == 1
    again.leave()


@on_linux
def test_a_busy_query_of_a_killed_server_does_not_keep_the_next_from_starting(
    data_dir: Path,
) -> None:
    server = embedded.join(data_dir, fsync=False)
    with busy_query(server.url):
        kill(postmaster(data_dir))
        again = embedded.join(data_dir, fsync=False, timeout_seconds=15)
        assert query(again.url, "select 1") == 1
    again.leave()
    server.leave()


@on_linux
def test_a_busy_query_of_a_killed_server_does_not_hold_up_who_leaves(data_dir: Path) -> None:
    with holder(data_dir) as other, busy_query(other.url):
        kill(postmaster(data_dir))
        other.leave()
        assert not works_in(cluster(data_dir))


@on_linux
def test_a_first_start_that_is_killed_half_way_leaves_nothing_half_made(new_dir: Path) -> None:
    with holder(new_dir) as killed:
        wait_until(lambda: list(new_dir.glob("cluster.new-*/global/*")), "the beginning of initdb")
        killed.kill()
    assert not cluster(new_dir).exists()

    def is_cleared_by_a_start() -> bool:
        server = embedded.join(new_dir, fsync=False)
        assert query(server.url, "select 1") == 1
        server.leave()
        return not list(new_dir.glob("cluster.new-*"))

    # The first one may meet an initdb that nobody waits for and that still writes.
    wait_until(is_cleared_by_a_start, "the end of what was left")


@as_root
@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare is not installed")
def test_a_server_of_another_container_is_used_and_not_ended(data_dir: Path) -> None:
    # Its process ids are not ours, so that its postmaster seems to be gone.
    container = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    with holder(data_dir, wrapped_in=container) as inside:
        started = query(inside.url, "select pg_postmaster_start_time()")
        processes.end_orphans(cluster(data_dir), signal.SIGQUIT)
        server = embedded.join(data_dir, fsync=False)
        assert query(server.url, "select pg_postmaster_start_time()") == started
        server.leave()
        inside.leave()


def test_a_pid_file_that_names_a_stranger_is_not_believed(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        lines = [
            str(stranger.pid),
            str(cluster(data_dir)),
            "1700000000",
            "5432",
            "/tmp",
            "",
            "ready",
        ]
        (cluster(data_dir) / "postmaster.pid").write_text("\n".join(lines) + "\n")
        assert not embedded.is_running(data_dir).running

        server = embedded.join(data_dir, fsync=False)
        assert query(server.url, "select 1") == 1
        server.leave()

        assert is_alive(stranger.pid)
        stranger.kill()


@on_linux
def test_the_server_outlives_ctrl_c_and_the_session_of_its_starter(data_dir: Path) -> None:
    with holder(data_dir) as starter:
        assert starter.url
        pid = postmaster(data_dir)
        session = os.getsid(starter.process.pid)
        members = [pid, *children_of(pid)]
        assert session not in {os.getsid(each) for each in members}
        os.killpg(session, signal.SIGINT)
        starter.process.wait()
    with holder(data_dir) as other:
        assert query(other.url, "select 1") == 1
        other.leave()


@on_linux
def test_the_server_inherits_no_files_and_no_secrets(data_dir: Path) -> None:
    secret = "sk-not-for-the-server"
    with holder(data_dir, env={"SOME_API_KEY": secret}) as starter:
        assert starter.url
        process = Path(f"/proc/{postmaster(data_dir)}")
        opened = {str(fd.readlink()) for fd in (process / "fd").iterdir()}
        foreign = {
            each for each in opened if not re.match(r"/dev/null|socket:|anon_inode:|pipe:", each)
        }
        assert all(Path(each).is_relative_to(data_dir) for each in foreign), foreign
        assert secret not in (process / "environ").read_text()
        # The pipe to us ends with the process, so the server does not have it.
        starter.kill()
    embedded.join(data_dir, fsync=False).leave()
