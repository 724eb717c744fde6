"""Where the embedded server's data lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.engine import embedded


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
