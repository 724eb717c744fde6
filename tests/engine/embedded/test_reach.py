"""Who can reach the embedded server: its own user, over a socket."""

from __future__ import annotations

import re
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from holdfast.engine import embedded
from holdfast.errors import EmbeddedServerFailed
from tests.support.embedded import cluster, on_linux, postmaster, query
from tests.support.processes import children_of

_TCP_LISTENS = "0A"
_LONGEST_SOCKET_PATH = 107


@on_linux
def test_no_process_of_the_server_listens_on_tcp(data_dir: Path) -> None:
    server = embedded.join(data_dir, fsync=False)
    assert query(server.url, "show listen_addresses") == ""
    pid = postmaster(data_dir)
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

    assert query(server.url, "select 1") == 1
    socket = server.socket_dir / f".s.PGSQL.{server.port}"
    assert len(str(socket)) <= _LONGEST_SOCKET_PATH
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    for path in (server.socket_dir, server.socket_dir.parent, cluster(deep)):
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
    assert query(server.url, "select 1") == 1
    server.leave()
