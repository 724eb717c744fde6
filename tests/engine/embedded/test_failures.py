"""What goes wrong with a data folder is one clear error."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from holdfast.engine import embedded
from holdfast.errors import DiskFull, EmbeddedServerFailed
from tests.support.embedded import as_root, cluster, query
from tests.support.processes import holder
from tests.support.servers import binaries_of


def test_a_folder_of_another_major_version_is_one_clear_error(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    (cluster(data_dir) / "PG_VERSION").write_text("14\n")
    with pytest.raises(EmbeddedServerFailed, match="made by PostgreSQL 14") as refused:
        embedded.join(data_dir, fsync=False)
    assert refused.value.hint is not None
    assert "PostgreSQL 14" in refused.value.hint


def test_a_folder_that_the_wheels_older_version_made_is_opened_with_it(new_dir: Path) -> None:
    embedded.join(new_dir, bin_dir=binaries_of("16"), fsync=False).leave()
    assert embedded.is_running(new_dir).version == 16
    server = embedded.join(new_dir, fsync=False)
    assert query(server.url, "show server_version").startswith("16.")
    server.leave()


def test_a_folder_without_its_version_is_one_clear_error(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    (cluster(data_dir) / "PG_VERSION").unlink()
    with pytest.raises(EmbeddedServerFailed, match="damaged") as refused:
        embedded.join(data_dir, fsync=False)
    assert refused.value.hint is not None


def test_a_corrupt_folder_gives_the_servers_last_words_at_once(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    (cluster(data_dir) / "global" / "pg_control").unlink()
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
        assert query(server.url, "select 1") == 1
        server.leave()


def test_a_log_that_has_grown_is_begun_anew(data_dir: Path) -> None:
    embedded.join(data_dir, fsync=False).leave()
    (data_dir / "server.log").write_bytes(bytes(1_500_000))
    embedded.join(data_dir, fsync=False).leave()
    assert (data_dir / "server.log").stat().st_size < 1_000_000
