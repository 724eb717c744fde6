"""Rarer accidents of the embedded server: forks, interrupted starts, hung servers."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from holdfast.engine import embedded
from holdfast.errors import EmbeddedServerFailed
from tests.support.embedded import as_root, cluster, on_linux, postmaster, query, works_in
from tests.support.processes import holder, is_alive, kill, wait_until


@on_linux
def test_ctrl_c_while_the_server_starts_leaves_no_server(new_dir: Path) -> None:
    with holder(new_dir) as starter:
        wait_until(lambda: list(new_dir.glob("cluster/postmaster.pid")), "the server")
        starter.process.send_signal(signal.SIGINT)
        starter.process.wait()
    assert not works_in(cluster(new_dir))


def test_an_interrupted_start_does_not_take_the_lock_from_the_server_that_it_started(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **options: Any) -> Any:
        done = run(*arguments, **options)
        if options.get("start_new_session"):
            raise KeyboardInterrupt
        return done

    run = subprocess.run
    with monkeypatch.context() as patched:
        patched.setattr("holdfast.engine.embedded.server.subprocess.run", interrupted)
        patched.setattr("holdfast.engine.embedded.stop_if_unused", lambda home: None)
        with pytest.raises(KeyboardInterrupt):
            embedded.join(data_dir, fsync=False)
    wait_until(lambda: embedded.is_running(data_dir).running, "the server that was started")
    pid = postmaster(data_dir)

    server = embedded.join(data_dir, fsync=False)

    assert postmaster(data_dir) == pid
    server.leave()
    assert not is_alive(pid)


_FORK = """
import os, sys, time
from pathlib import Path
from holdfast.engine import embedded
held = embedded.join(Path(sys.argv[1]), fsync=False)
child = os.fork()
if child == 0:
    print(os.getpid(), flush=True)
    time.sleep(600)
time.sleep(600)
"""


def test_a_forked_child_has_nothing_of_its_parents_use(data_dir: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _FORK, str(data_dir)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            pid = postmaster(data_dir)
            assert embedded.is_running(data_dir).holders == (parent.pid,)
            kill(parent.pid)
            embedded.join(data_dir, fsync=False).leave()
            assert not is_alive(pid)
        finally:
            kill(child)


def test_a_server_that_cannot_read_its_own_data_is_one_clear_error(data_dir: Path) -> None:
    oid = _database_oid(data_dir)
    (cluster(data_dir) / "base" / oid / "pg_filenode.map").unlink()

    with pytest.raises(EmbeddedServerFailed, match=r"cannot read its own data(.|\n)*filenode"):
        embedded.join(data_dir, fsync=False)

    assert not embedded.is_running(data_dir).running


def _database_oid(data_dir: Path) -> str:
    server = embedded.join(data_dir, fsync=False)
    oid = query(server.url, "select oid::text from pg_database where datname = 'holdfast'")
    server.leave()
    return str(oid)


def test_the_error_for_damaged_data_says_what_to_do_about_it(data_dir: Path) -> None:
    (cluster(data_dir) / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedServerFailed) as refused:
        embedded.join(data_dir, fsync=False)
    assert refused.value.hint is not None
    assert "backup" in refused.value.hint
    assert str(data_dir / "server.log") in refused.value.hint


def test_a_disk_that_was_full_once_is_not_blamed_for_another_failure(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    with (data_dir / "server.log").open("a") as log:
        log.write("FATAL:  could not write: No space left on device\n" + "LOG:  later\n" * 20)
    pid = postmaster(data_dir)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(EmbeddedServerFailed, match="did not answer in time"):
            embedded.join(data_dir, fsync=False, timeout_seconds=0.2)
    finally:
        os.kill(pid, signal.SIGCONT)
    server.leave()


def test_a_server_that_hangs_is_not_waited_for_beyond_the_deadline_nor_ended(
    data_dir: Path,
) -> None:
    server = embedded.join(data_dir, fsync=False)
    pid = postmaster(data_dir)
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(EmbeddedServerFailed, match="did not answer in time"):
            embedded.join(data_dir, fsync=False, timeout_seconds=0.2)
        assert time.monotonic() - began < 4  # it would be 5 for the answer alone
    finally:
        os.kill(pid, signal.SIGCONT)
    assert query(server.url, "select 1") == 1
    assert postmaster(data_dir) == pid
    server.leave()


def test_a_server_whose_socket_was_removed_is_named_with_how_to_end_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.engine.embedded.server._PATIENCE_SECONDS", 0.1)
    server = embedded.join(data_dir, fsync=False)
    pid = postmaster(data_dir)
    shutil.rmtree(server.socket_dir)

    with pytest.raises(EmbeddedServerFailed, match=f"process {pid}.*removed its socket") as refused:
        embedded.join(data_dir, fsync=False)

    assert refused.value.hint is not None
    assert f"kill -INT {pid}" in refused.value.hint
    server.leave()
    assert not is_alive(pid)


@as_root
def test_first_starts_in_different_folders_do_not_refuse_each_others_socket_folder(
    data_dir: Path,
) -> None:
    server = embedded.join(data_dir, fsync=False)
    server.leave()
    # Another start has made it and not yet given it to the server's user.
    server.socket_dir.mkdir(mode=0o700)

    again = embedded.join(data_dir, fsync=False)

    assert query(again.url, "select 1") == 1
    again.leave()


def test_who_has_left_a_server_cannot_revive_it(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    server.leave()

    with pytest.raises(EmbeddedServerFailed, match="no longer uses"):
        server.revive()

    assert not embedded.is_running(data_dir).running


def test_what_a_killed_first_start_left_is_removed_by_any_later_start(data_dir: Path) -> None:
    (data_dir / "cluster.new-left" / "base").mkdir(parents=True)
    embedded.join(data_dir, fsync=False).leave()
    assert not list(data_dir.glob("cluster.new-*"))


def test_a_start_that_others_do_not_finish_is_not_waited_for_without_end(data_dir: Path) -> None:
    with (data_dir / "start.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedServerFailed, match=r"still starting .* it holds .*start\.lock"):
            embedded.join(data_dir, fsync=False, timeout_seconds=0.1)


def test_a_server_is_found_again_when_its_folder_was_moved(data_dir: Path, folder: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    pid = postmaster(data_dir)
    data_dir.rename(folder / "moved")
    server.leave()

    again = embedded.join(folder / "moved", fsync=False)
    assert postmaster(folder / "moved") == pid
    again.leave()
    assert not is_alive(pid)


@as_root
def test_the_project_is_looked_for_as_far_as_the_user_may_look(folder: Path) -> None:
    closed = folder / "closed"
    (closed / "project").mkdir(parents=True)
    closed.chmod(0o700)
    program = (
        "import os, sys; from pathlib import Path; from holdfast.engine import embedded;"
        "os.setuid(65534); print(embedded.default_data_dir(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", program, str(closed / "project")]
    said = subprocess.run(
        command,
        env={**os.environ, "XDG_DATA_HOME": "/data"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.strip() == "/data/holdfast/postgres"
