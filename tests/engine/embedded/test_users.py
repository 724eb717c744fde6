"""The embedded server under other users: root, ordinary ones, containers."""

from __future__ import annotations

import pwd
import shutil
import stat
from pathlib import Path

import pytest

from holdfast.engine import embedded
from holdfast.errors import EmbeddedServerFailed
from tests.support.embedded import as_root, cluster, postmaster, query
from tests.support.processes import children_of, holder, is_alive
from tests.support.servers import binaries_of


@as_root
def test_an_ordinary_user_has_a_server_of_its_own(folder: Path) -> None:
    data_dir = folder / "nobody" / "postgres"
    with holder(data_dir, user="nobody") as starter, holder(data_dir, user="nobody") as other:
        assert query(starter.url, "select current_user") == "holdfast"
        owner = pwd.getpwnam("nobody").pw_uid
        pid = postmaster(data_dir)
        assert Path(f"/proc/{pid}").stat().st_uid == owner
        assert {path.stat().st_uid for path in data_dir.rglob("*")} == {owner}
        starter.kill()
        assert query(other.url, "select 1") == 1
        other.leave()
    assert not is_alive(pid)


@as_root
def test_root_runs_the_server_as_another_user(new_dir: Path) -> None:
    server = embedded.join(new_dir, fsync=False)
    pid = postmaster(new_dir)
    assert {Path(f"/proc/{each}").stat().st_uid for each in (pid, *children_of(pid))} != {0}
    assert 0 not in {path.stat().st_uid for path in (cluster(new_dir), server.socket_dir)}
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
        assert query(owner.url, "select 1") == 1
        owner.leave()


@as_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_root_without_the_right_to_look_into_processes_shares_and_stops_it(data_dir: Path) -> None:
    # As in a container with the default rights.
    bare = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
    with holder(data_dir, wrapped_in=bare) as first, holder(data_dir, wrapped_in=bare) as second:
        assert first.url == second.url
        pid = postmaster(data_dir)
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
        query(server.url, "create table kept as select 42 as value")
        with holder(data_dir) as other:
            assert other.url == server.url
            other.leave()
        server.leave()
        again = embedded.join(data_dir, fsync=False)
        assert query(again.url, "select value from kept") == 42
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

    program = Path(f"/proc/{postmaster(data_dir)}/exe").readlink()
    copy = program.parents[3]
    assert copy.parent == Path("/var/lib/holdfast")
    server.leave()
    shutil.rmtree(copy)
