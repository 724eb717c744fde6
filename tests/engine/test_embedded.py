"""The embedded server: real servers, real processes, real kills."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from holdfast.engine import embedded
from holdfast.engine.embedded import processes
from holdfast.errors import DiskFull, EmbeddedServerFailed
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import children_of, holder, is_alive, kill, wait_until
from tests.support.servers import binaries_of

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
on_linux = pytest.mark.skipif(not Path("/proc/net").is_dir(), reason="it looks into /proc")

_TCP_LISTENS = "0A"
_LONGEST_SOCKET_PATH = 107


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user can pass through, as pytest's own is not; no server is left in it."""
    with _open_folder() as made:
        yield made


@pytest.fixture(scope="module")
def made_dir() -> Iterator[Path]:
    """A data folder that was used once."""
    with _open_folder() as made:
        embedded.join(made / "postgres", fsync=False).leave()
        yield made / "postgres"


@pytest.fixture
def data_dir(folder: Path, made_dir: Path) -> Path:
    """A data folder of the test's own that was used before, which is quicker than to make one."""
    subprocess.run(["cp", "-a", made_dir, folder / "postgres"], check=True)
    return folder / "postgres"


@pytest.fixture
def new_dir(folder: Path) -> Path:
    """A data folder that is not there yet."""
    return folder / "postgres"


@contextmanager
def _open_folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="holdfast-embedded-"))
    made.chmod(0o777)
    try:
        yield made
    finally:
        _end_servers(made)
        shutil.rmtree(made)


def _end_servers(made: Path) -> None:
    for found in made.rglob("postmaster.pid"):
        with suppress(OSError, ValueError, IndexError):
            pid = int(found.read_text().splitlines()[0])
            if Path(f"/proc/{pid}/cwd").samefile(found.parent):
                kill(pid, *children_of(pid))


def _query(url: str, statement: str) -> Any:
    """The first value of a statement, over a connection of its own."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def _pid(data_dir: Path) -> int:
    """The postmaster of the server that runs."""
    pid = embedded.is_running(data_dir).pid
    assert pid is not None
    return pid


def _cluster(data_dir: Path) -> Path:
    return data_dir / "cluster"


@contextmanager
def _busy_query(url: str) -> Iterator[None]:
    """A query that goes on for long and does not notice the end of its postmaster."""

    async def begin() -> asyncpg.Connection:
        return await asyncpg.connect(url)

    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(begin())
    spin = "do $$ begin perform count(*) from generate_series(1, 1e12::bigint); end $$"
    running = loop.create_task(connection.execute(spin))
    is_active = "select count(*) from pg_stat_activity where query like 'do %' and state = 'active'"
    wait_until(
        lambda: loop.run_until_complete(asyncio.sleep(0)) or _query(url, is_active), "the query"
    )
    try:
        yield
    finally:
        with suppress(Exception):
            loop.run_until_complete(asyncio.wait_for(running, PATIENCE_SECONDS))
        connection.terminate()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


# Joining and leaving


def test_the_first_join_makes_a_server_and_the_last_leave_stops_it(new_dir: Path) -> None:
    server = embedded.join(new_dir, fsync=False)
    assert _query(server.url, "show server_version_num") >= "150000"
    assert _query(server.url, "show data_checksums") == "on"
    assert _query(server.url, "select upper('é')") == "É"
    pid = _pid(new_dir)

    server.leave()

    assert not is_alive(pid)
    assert not embedded.is_running(new_dir).running


def test_data_is_there_when_the_server_is_started_again(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    _query(server.url, "create table kept as select 42 as value")
    server.leave()

    again = embedded.join(data_dir, fsync=False)

    assert again.url == server.url
    assert _query(again.url, "select value from kept") == 42
    again.leave()


def test_a_server_waits_for_the_disk_unless_a_test_says_otherwise(new_dir: Path) -> None:
    server = embedded.join(new_dir)
    assert _query(server.url, "show fsync") == "on"
    server.leave()


def test_another_process_shares_the_server_and_the_last_of_both_stops_it(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    pid = _pid(data_dir)
    with holder(data_dir) as other:
        assert other.url == server.url
        assert set(embedded.is_running(data_dir).holders) == {os.getpid(), other.process.pid}

        server.leave()
        assert _query(other.url, "select 1") == 1
        assert _pid(data_dir) == pid

        other.leave()
    assert not is_alive(pid)


def test_each_join_of_one_process_is_left_by_itself(data_dir: Path) -> None:
    first, second = embedded.join(data_dir, fsync=False), embedded.join(data_dir, fsync=False)
    first.leave()
    assert _query(second.url, "select 1") == 1
    second.leave()
    assert not embedded.is_running(data_dir).running


def test_leaving_twice_does_not_take_the_server_from_others(data_dir: Path) -> None:
    first, second = embedded.join(data_dir, fsync=False), embedded.join(data_dir, fsync=False)
    first.leave()
    first.leave()
    embedded.leave(first)
    assert _query(second.url, "select 1") == 1
    second.leave()


def test_a_process_that_forgets_to_leave_leaves_when_it_ends(data_dir: Path) -> None:
    with holder(data_dir) as forgetful:
        assert forgetful.url
        pid = _pid(data_dir)
        forgetful.forget()
    assert not is_alive(pid)


def test_a_child_process_does_not_hold_what_its_parent_has_left(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    pid = _pid(data_dir)
    with subprocess.Popen(["sleep", "600"], close_fds=False) as child:
        server.leave()
        child.kill()
    assert not is_alive(pid)


def test_eight_first_starts_at_once_give_one_server(new_dir: Path) -> None:
    with ExitStack() as stack:
        holders = [stack.enter_context(holder(new_dir)) for _ in range(8)]
        starts = {_query(each.url, "select pg_postmaster_start_time()") for each in holders}
        assert len(starts) == 1
        pid = _pid(new_dir)
        assert len(embedded.is_running(new_dir).holders) == 8
        for each in holders:
            assert is_alive(pid)
            each.leave()
    assert not is_alive(pid)


def test_joining_and_leaving_at_once_never_gives_a_server_that_is_gone(data_dir: Path) -> None:
    for _ in range(3):
        with holder(data_dir) as one, holder(data_dir) as other:
            one.leave()
            assert _query(other.url, "select 1") == 1
            other.leave()
    assert not embedded.is_running(data_dir).running


def test_comings_and_goings_of_many_never_meet_a_server_that_stops(data_dir: Path) -> None:
    def come_and_go(_: int) -> int:
        server = embedded.join(data_dir, fsync=False)
        try:
            return int(_query(server.url, "select 1"))
        finally:
            server.leave()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(come_and_go, range(24))) == 24
    assert not embedded.is_running(data_dir).running


# Keeping


def test_a_kept_server_stays_when_the_last_process_leaves_until_it_is_released(
    data_dir: Path,
) -> None:
    server = embedded.join(data_dir, fsync=False)
    embedded.keep(data_dir)
    server.leave()
    assert _query(server.url, "select 1") == 1
    assert embedded.is_running(data_dir).kept

    embedded.release(data_dir)

    assert not embedded.is_running(data_dir).running
    assert not embedded.is_running(data_dir).kept


def test_a_released_server_stays_for_those_who_use_it(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    embedded.keep(data_dir)
    embedded.release(data_dir)
    assert _query(server.url, "select 1") == 1
    server.leave()
    assert not embedded.is_running(data_dir).running


def test_releasing_what_was_never_there_makes_nothing(new_dir: Path) -> None:
    embedded.release(new_dir)
    assert not embedded.is_running(new_dir).running
    assert not new_dir.exists()


# Kills


def test_a_server_survives_sigkill_of_its_starter_and_the_next_to_leave_stops_it(
    data_dir: Path,
) -> None:
    with holder(data_dir) as starter:
        _query(starter.url, "create table kept as select 42 as value")
        pid = _pid(data_dir)
        starter.kill()

    server = embedded.join(data_dir, fsync=False)
    assert _pid(data_dir) == pid
    assert _query(server.url, "select value from kept") == 42
    server.leave()
    assert not is_alive(pid)


def test_sigkill_of_all_who_use_it_counts_as_their_leaving(data_dir: Path) -> None:
    with ExitStack() as stack:
        for each in [stack.enter_context(holder(data_dir)) for _ in range(3)]:
            assert each.url
            each.kill()
    pid = _pid(data_dir)
    assert embedded.is_running(data_dir).holders == ()

    embedded.join(data_dir, fsync=False).leave()

    assert not is_alive(pid)


def test_committed_data_survives_sigkill_of_every_process_of_the_server(data_dir: Path) -> None:
    with holder(data_dir, fsync=True) as killed:
        _query(killed.url, "create table kept as select 42 as value")
        pid = _pid(data_dir)
        kill(killed.process.pid, pid, *children_of(pid))

    server = embedded.join(data_dir)
    assert _pid(data_dir) != pid
    assert _query(server.url, "select value from kept") == 42
    server.leave()


def test_a_server_that_was_killed_in_use_is_revived_at_the_same_address(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    pid = _pid(data_dir)
    kill(pid)
    assert not embedded.is_running(data_dir).running

    server.revive()

    assert _query(server.url, "select 1") == 1
    server.leave()
    assert not embedded.is_running(data_dir).running


def test_leaving_a_server_that_was_killed_is_quiet_and_the_next_join_starts_it(
    data_dir: Path,
) -> None:
    server = embedded.join(data_dir, fsync=False)
    kill(_pid(data_dir))
    server.leave()

    again = embedded.join(data_dir, fsync=False)
    assert _query(again.url, "select 1") == 1
    again.leave()


@on_linux
def test_a_busy_query_of_a_killed_server_does_not_keep_the_next_from_starting(
    data_dir: Path,
) -> None:
    server = embedded.join(data_dir, fsync=False)
    with _busy_query(server.url):
        kill(_pid(data_dir))
        again = embedded.join(data_dir, fsync=False, timeout_seconds=15)
        assert _query(again.url, "select 1") == 1
    again.leave()
    server.leave()


@on_linux
def test_a_busy_query_of_a_killed_server_does_not_hold_up_who_leaves(data_dir: Path) -> None:
    with holder(data_dir) as other, _busy_query(other.url):
        postmaster = _pid(data_dir)
        kill(postmaster)
        other.leave()
        assert not _works_in(_cluster(data_dir))


def _works_in(cluster: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").samefile(cluster):
                found.append(int(entry.name))
    return [pid for pid in found if is_alive(pid)]


@on_linux
def test_a_first_start_that_is_killed_half_way_leaves_nothing_half_made(new_dir: Path) -> None:
    with holder(new_dir) as killed:
        wait_until(lambda: list(new_dir.glob("cluster.new-*/global/*")), "the beginning of initdb")
        killed.kill()
    assert not _cluster(new_dir).exists()

    def is_cleared_by_a_start() -> bool:
        server = embedded.join(new_dir, fsync=False)
        assert _query(server.url, "select 1") == 1
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
        started = _query(inside.url, "select pg_postmaster_start_time()")
        processes.end_orphans(_cluster(data_dir), signal.SIGQUIT)
        server = embedded.join(data_dir, fsync=False)
        assert _query(server.url, "select pg_postmaster_start_time()") == started
        server.leave()
        inside.leave()


def test_a_pid_file_that_names_a_stranger_is_not_believed(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        lines = [
            str(stranger.pid),
            str(_cluster(data_dir)),
            "1700000000",
            "5432",
            "/tmp",
            "",
            "ready",
        ]
        (_cluster(data_dir) / "postmaster.pid").write_text("\n".join(lines) + "\n")
        assert not embedded.is_running(data_dir).running

        server = embedded.join(data_dir, fsync=False)
        assert _query(server.url, "select 1") == 1
        server.leave()

        assert is_alive(stranger.pid)
        stranger.kill()


@on_linux
def test_the_server_outlives_ctrl_c_and_the_session_of_its_starter(data_dir: Path) -> None:
    with holder(data_dir) as starter:
        assert starter.url
        pid = _pid(data_dir)
        session = os.getsid(starter.process.pid)
        members = [pid, *children_of(pid)]
        assert session not in {os.getsid(each) for each in members}
        os.killpg(session, signal.SIGINT)
        starter.process.wait()
    with holder(data_dir) as other:
        assert _query(other.url, "select 1") == 1
        other.leave()


@on_linux
def test_the_server_inherits_no_files_and_no_secrets(data_dir: Path) -> None:
    secret = "sk-not-for-the-server"
    with holder(data_dir, env={"SOME_API_KEY": secret}) as starter:
        assert starter.url
        process = Path(f"/proc/{_pid(data_dir)}")
        opened = {str(fd.readlink()) for fd in (process / "fd").iterdir()}
        foreign = {
            each for each in opened if not re.match(r"/dev/null|socket:|anon_inode:|pipe:", each)
        }
        assert all(Path(each).is_relative_to(data_dir) for each in foreign), foreign
        assert secret not in (process / "environ").read_text()
        # The pipe to us ends with the process, so the server does not have it.
        starter.kill()
    embedded.join(data_dir, fsync=False).leave()


# Who can reach it


@on_linux
def test_no_process_of_the_server_listens_on_tcp(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    assert _query(server.url, "show listen_addresses") == ""
    pid = _pid(data_dir)
    sockets = set()
    for each in (pid, *children_of(pid)):
        for fd in Path(f"/proc/{each}/fd").iterdir():
            with suppress(FileNotFoundError):
                sockets.update(re.findall(r"socket:\[(\d+)\]", str(fd.readlink())))
    assert sockets
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{pid}/net/{table}")
        rows = [row.split() for row in path.read_text().splitlines()[1:]] if path.exists() else []
        assert not [row for row in rows if row[9] in sockets and row[3] == _TCP_LISTENS]
    server.leave()


def test_the_socket_lies_in_a_short_path_that_other_users_cannot_enter(folder: Path) -> None:
    deep = folder.joinpath(*["a folder with a long name"] * 6, "postgres")
    assert len(str(deep)) > _LONGEST_SOCKET_PATH

    server = embedded.join(deep, fsync=False)

    assert _query(server.url, "select 1") == 1
    socket = server.socket_dir / f".s.PGSQL.{server.port}"
    assert len(str(socket)) <= _LONGEST_SOCKET_PATH
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    for path in (server.socket_dir, server.socket_dir.parent, _cluster(deep)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    server.leave()
    assert not server.socket_dir.exists()


def test_a_socket_folder_that_others_can_enter_is_refused(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    server.leave()
    server.socket_dir.mkdir()
    server.socket_dir.chmod(0o777)
    try:
        with pytest.raises(EmbeddedServerFailed, match=r"only user .* can enter") as refused:
            embedded.join(data_dir, fsync=False)
        assert refused.value.hint is not None
        assert str(server.socket_dir) in refused.value.hint
    finally:
        server.socket_dir.rmdir()


def test_a_data_folder_may_have_any_name(folder: Path) -> None:
    odd = folder / 'it\'s 100% "odd" & ünïcode $(x)'
    server = embedded.join(odd, fsync=False)
    assert _query(server.url, "select 1") == 1
    server.leave()


# Users


@as_root
def test_an_ordinary_user_has_a_server_of_its_own(folder: Path) -> None:
    data_dir = folder / "nobody" / "postgres"
    with holder(data_dir, user="nobody") as starter, holder(data_dir, user="nobody") as other:
        assert _query(starter.url, "select current_user") == "holdfast"
        owner = pwd.getpwnam("nobody").pw_uid
        pid = _pid(data_dir)
        assert Path(f"/proc/{pid}").stat().st_uid == owner
        assert {path.stat().st_uid for path in data_dir.rglob("*")} == {owner}
        starter.kill()
        assert _query(other.url, "select 1") == 1
        other.leave()
    assert not is_alive(pid)


@as_root
def test_root_runs_the_server_as_another_user(new_dir: Path) -> None:
    server = embedded.join(new_dir, fsync=False)
    pid = _pid(new_dir)
    assert {Path(f"/proc/{each}").stat().st_uid for each in (pid, *children_of(pid))} != {0}
    assert 0 not in {path.stat().st_uid for path in (_cluster(new_dir), server.socket_dir)}
    server.leave()


@as_root
def test_root_may_use_the_server_of_an_ordinary_user(folder: Path) -> None:
    data_dir = folder / "nobody" / "postgres"
    with holder(data_dir, user="nobody") as owner:
        assert owner.url
        log = data_dir / "server.log"
        owner.leave()
    with log.open("a") as file:
        file.truncate(2_000_000)  # root's start begins a new one
    embedded.join(data_dir, fsync=False).leave()
    with holder(data_dir, user="nobody") as owner:
        assert _query(owner.url, "select 1") == 1
        owner.leave()


@as_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_root_without_the_right_to_look_into_processes_shares_and_stops_it(data_dir: Path) -> None:
    # As in a container with the default rights.
    bare = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
    with holder(data_dir, wrapped_in=bare) as first, holder(data_dir, wrapped_in=bare) as second:
        assert first.url == second.url
        pid = _pid(data_dir)
        first.leave()
        second.leave()
    assert not is_alive(pid)


@as_root
def test_a_folder_that_the_servers_user_cannot_enter_points_to_one_that_it_can(
    folder: Path,
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "postgres"

    server = embedded.join(data_dir, fsync=False)
    place = Path((data_dir / "location").read_text().strip())
    try:
        _query(server.url, "create table kept as select 42 as value")
        with holder(data_dir) as other:
            assert other.url == server.url
            other.leave()
        server.leave()
        again = embedded.join(data_dir, fsync=False)
        assert _query(again.url, "select value from kept") == 42
        again.leave()
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(place)
    with pytest.raises(EmbeddedServerFailed, match="which is not there") as lost:
        embedded.join(data_dir, fsync=False)
    assert lost.value.hint is not None


@as_root
def test_programs_that_the_servers_user_cannot_read_are_copied(
    folder: Path, data_dir: Path
) -> None:
    wheel = binaries_of("18").parents[1]
    package = folder / "closed" / wheel.name
    package.mkdir(parents=True)
    package.parent.chmod(0o700)
    (package / "pginstall18").symlink_to(wheel / "pginstall18")
    package.with_name(f"{wheel.name}.libs").symlink_to(wheel.with_name(f"{wheel.name}.libs"))

    server = embedded.join(data_dir, bin_dir=package / "pginstall18" / "bin", fsync=False)

    program = Path(f"/proc/{_pid(data_dir)}/exe").readlink()
    copy = program.parents[3]
    assert copy.parent == Path("/var/lib/holdfast")
    server.leave()
    shutil.rmtree(copy)


# Failures


def test_a_folder_of_another_major_version_is_one_clear_error(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    (_cluster(data_dir) / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedServerFailed, match="made by PostgreSQL 14") as refused:
        embedded.join(data_dir, fsync=False)
    assert refused.value.hint is not None
    assert "PostgreSQL 14" in refused.value.hint


def test_a_folder_that_the_wheels_older_version_made_is_opened_with_it(new_dir: Path) -> None:
    embedded.join(new_dir, bin_dir=binaries_of("16"), fsync=False).leave()
    assert embedded.is_running(new_dir).version == 16
    server = embedded.join(new_dir, fsync=False)
    assert _query(server.url, "show server_version").startswith("16.")
    server.leave()


def test_a_folder_without_its_version_is_one_clear_error(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    (_cluster(data_dir) / "PG_VERSION").unlink()
    with pytest.raises(EmbeddedServerFailed, match="damaged") as refused:
        embedded.join(data_dir, fsync=False)
    assert refused.value.hint is not None


def test_a_corrupt_folder_gives_the_servers_last_words_at_once(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    (_cluster(data_dir) / "global" / "pg_control").unlink()
    # Far less than it would wait for a server that answers.
    with holder(data_dir, timeout_seconds=600) as refused:
        assert refused.answer["error"] == "EmbeddedServerFailed"
        assert "pg_control" in refused.answer["message"]
        assert refused.answer["hint"]
    assert embedded.is_running(data_dir).holders == ()


def test_a_data_folder_of_somebody_elses_making_is_refused(new_dir: Path) -> None:
    new_dir.mkdir()
    (new_dir / "PG_VERSION").write_text("18\n")
    with pytest.raises(EmbeddedServerFailed, match="somebody else's making"):
        embedded.join(new_dir, fsync=False)


def test_a_file_in_the_folders_place_is_one_clear_error(new_dir: Path) -> None:
    new_dir.touch()
    with pytest.raises(EmbeddedServerFailed, match="cannot be used") as refused:
        embedded.join(new_dir, fsync=False)
    assert refused.value.hint is not None


@as_root
def test_an_unwritable_folder_is_one_clear_error(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o755)
    with holder(closed / "postgres", user="nobody") as refused:
        assert refused.answer["error"] == "EmbeddedServerFailed"
        assert "cannot be written" in refused.answer["message"]
        assert "HOLDFAST_DATA_DIR" in refused.answer["hint"]


@contextmanager
def _small_disk(at: Path, size: str) -> Iterator[None]:
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", str(at)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


@as_root
def test_a_disk_too_small_for_a_new_server_is_full(folder: Path) -> None:
    with _small_disk(folder / "disk", "8m"):
        data_dir = folder / "disk" / "postgres"
        with pytest.raises(DiskFull) as full:
            embedded.join(data_dir, fsync=False)
        assert full.value.hint is not None
        assert not list(data_dir.glob("cluster*"))


@as_root
def test_a_disk_that_is_full_when_the_server_starts_is_full(folder: Path) -> None:
    with _small_disk(folder / "disk", "100m"):
        data_dir = folder / "disk" / "postgres"
        embedded.join(data_dir, fsync=False).leave()
        (data_dir / "server.log").write_bytes(bytes(4096))  # no room for last words either
        filler = folder / "disk" / "filler"
        with filler.open("wb") as file, suppress(OSError):
            while True:
                file.write(bytes(65536))
                file.flush()
        with pytest.raises(DiskFull):
            embedded.join(data_dir, fsync=False)

        filler.unlink()
        server = embedded.join(data_dir, fsync=False)
        assert _query(server.url, "select 1") == 1
        server.leave()


def test_a_log_that_has_grown_is_begun_anew(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    (data_dir / "server.log").write_bytes(bytes(1_500_000))
    embedded.join(data_dir, fsync=False).leave()
    assert (data_dir / "server.log").stat().st_size < 1_000_000


# Where it is


def test_status_makes_and_starts_nothing(new_dir: Path) -> None:
    status = embedded.is_running(new_dir)
    assert (status.running, status.pid, status.holders, status.kept) == (False, None, (), False)
    assert status.version is None
    assert not new_dir.exists()


@pytest.mark.parametrize("mark", ["holdfast.toml", ".holdfast", ".git"])
def test_the_data_of_a_project_lies_in_it(tmp_path: Path, mark: str) -> None:
    inside = tmp_path / "source" / "deep"
    inside.mkdir(parents=True)
    (tmp_path / mark).mkdir()
    assert embedded.default_data_dir(inside) == tmp_path / ".holdfast" / "postgres"


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    (inner / ".git").mkdir(parents=True)
    (tmp_path / "holdfast.toml").touch()
    assert embedded.default_data_dir(inner) == inner / ".holdfast" / "postgres"


def test_outside_of_a_project_the_data_lies_in_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert embedded.default_data_dir(Path("/")) == tmp_path / "data" / "holdfast" / "postgres"
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    share = tmp_path / ".local" / "share"
    assert embedded.default_data_dir(Path("/")) == share / "holdfast" / "postgres"


# Accidents


@on_linux
def test_ctrl_c_while_the_server_starts_leaves_no_server(new_dir: Path) -> None:
    with holder(new_dir) as starter:
        wait_until(lambda: list(new_dir.glob("cluster/postmaster.pid")), "the server")
        starter.process.send_signal(signal.SIGINT)
        starter.process.wait()
    assert not _works_in(_cluster(new_dir))


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
    pid = _pid(data_dir)

    server = embedded.join(data_dir, fsync=False)

    assert _pid(data_dir) == pid
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
            pid = _pid(data_dir)
            assert embedded.is_running(data_dir).holders == (parent.pid,)
            kill(parent.pid)
            embedded.join(data_dir, fsync=False).leave()
            assert not is_alive(pid)
        finally:
            kill(child)


def test_a_server_that_cannot_read_its_own_data_is_one_clear_error(data_dir: Path) -> None:
    oid = _database_oid(data_dir)
    (_cluster(data_dir) / "base" / oid / "pg_filenode.map").unlink()

    with pytest.raises(EmbeddedServerFailed, match=r"cannot read its own data(.|\n)*filenode"):
        embedded.join(data_dir, fsync=False)

    assert not embedded.is_running(data_dir).running


def _database_oid(data_dir: Path) -> str:
    server = embedded.join(data_dir, fsync=False)
    oid = _query(server.url, "select oid::text from pg_database where datname = 'holdfast'")
    server.leave()
    return str(oid)


def test_the_error_for_damaged_data_says_what_to_do_about_it(data_dir: Path) -> None:
    (_cluster(data_dir) / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedServerFailed) as refused:
        embedded.join(data_dir, fsync=False)
    assert refused.value.hint is not None
    assert "backup" in refused.value.hint
    assert str(data_dir / "server.log") in refused.value.hint


def test_a_disk_that_was_full_once_is_not_blamed_for_another_failure(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    with (data_dir / "server.log").open("a") as log:
        log.write("FATAL:  could not write: No space left on device\n" + "LOG:  later\n" * 20)
    pid = _pid(data_dir)
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
    pid = _pid(data_dir)
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(EmbeddedServerFailed, match="did not answer in time"):
            embedded.join(data_dir, fsync=False, timeout_seconds=0.2)
        assert time.monotonic() - began < 4  # it would be 5 for the answer alone
    finally:
        os.kill(pid, signal.SIGCONT)
    assert _query(server.url, "select 1") == 1
    assert _pid(data_dir) == pid
    server.leave()


def test_a_server_whose_socket_was_removed_is_named_with_how_to_end_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.engine.embedded.server._PATIENCE_SECONDS", 0.1)
    server = embedded.join(data_dir, fsync=False)
    pid = _pid(data_dir)
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

    assert _query(again.url, "select 1") == 1
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
    pid = _pid(data_dir)
    data_dir.rename(folder / "moved")
    server.leave()

    again = embedded.join(folder / "moved", fsync=False)
    assert _pid(folder / "moved") == pid
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
