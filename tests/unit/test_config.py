from __future__ import annotations

from pathlib import Path

import pytest

from holdfast import config
from holdfast.errors import ConfigError


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text('venture = "file"\nlease_seconds = 5\nmax_deaths = 7\n')
    environment = {"HOLDFAST_LEASE_SECONDS": "6", "HOLDFAST_MAX_DEATHS": "8"}
    settings = config.load(start=tmp_path / "below", environment=environment, max_deaths=9)
    assert (settings.venture, settings.lease_seconds, settings.max_deaths) == ("file", 6.0, 9)


def test_an_unknown_setting_is_refused_with_the_nearest_known_one(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text("lease_second = 5\n")
    with pytest.raises(ConfigError, match="lease_second, which is not a setting") as caught:
        config.load(start=tmp_path, environment={})
    assert caught.value.hint == "Did you mean lease_seconds?"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOLDFAST_LEASE_SECONDS", "soon"),
        ("HOLDFAST_MAX_DEATHS", "0"),
        ("HOLDFAST_PREPARED_STATEMENTS", "maybe"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(
    tmp_path: Path, variable: str, value: str
) -> None:
    with pytest.raises(ConfigError, match=variable):
        config.load(start=tmp_path, environment={variable: value})


def test_a_file_that_is_no_toml_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text("venture = ")
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(start=tmp_path, environment={})


def test_a_data_folder_in_the_file_is_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text('data_dir = "db"\n')
    assert config.load(start=tmp_path, environment={}).data_dir == tmp_path / "db"


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert config.load(start=tmp_path, environment={"HOLDFAST_VENTURE": ""}).venture == "default"
