"""The doctor names what is wrong, one line each, with the next step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdfast.hooks.programs import PROGRAMS
from tests.hooks.conftest import Hooks

SETTINGS = Path(".claude/settings.json")


@pytest.fixture(autouse=True)
def healthy(home: Path, work_dir: Path, holdfast_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that answers, and a Claude Code of the version that we know."""
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", holdfast_url)
    monkeypatch.setenv("PATH", f"{work_dir}/bin:/usr/bin:/bin")
    program(work_dir, "claude", PROGRAMS["claude"].tried_version)


def program(work_dir: Path, name: str, version: str) -> None:
    file = work_dir / "bin" / name
    file.write_text(f"#!/bin/sh\necho '{version} ({name})'\n")
    file.chmod(0o755)


def changed(change: Callable[[Any], object]) -> None:
    settings = json.loads(SETTINGS.read_text())
    change(settings)
    SETTINGS.write_text(json.dumps(settings))


def test_what_is_installed_is_well(hooks: Hooks) -> None:
    hooks("install", "claude", "--yes")

    assert hooks("doctor", "claude") == (0, "well   claude calls Holdfast.\n", "")
    code, told, _ = hooks("doctor", "claude", "--json")
    assert (code, json.loads(told)) == (0, [])


def test_what_is_not_installed_is_told_with_the_command_that_installs_it(hooks: Hooks) -> None:
    assert hooks("doctor") == (
        1,
        "wrong  claude: No hook of ours is installed here."
        " Next: Install them with: holdfast hooks install claude\n",
        "",
    )


def test_a_program_that_nobody_hooked_is_no_fault_beside_one_that_is(
    hooks: Hooks, work_dir: Path
) -> None:
    program(work_dir, "codex", PROGRAMS["codex"].tried_version)
    hooks("install", "claude", "--yes")

    assert hooks("doctor") == (0, "well   claude calls Holdfast.\n", "")


def test_a_plugin_that_is_turned_on_counts_as_installed(hooks: Hooks) -> None:
    SETTINGS.parent.mkdir()
    SETTINGS.write_text('{"enabledPlugins": {"holdfast@holdfast": true}}')

    assert hooks("doctor", "claude")[0] == 0


def test_hooks_beside_a_plugin_that_brings_them_are_called_twice(hooks: Hooks) -> None:
    hooks("install", "claude", "--yes")
    hooks("install", "claude", "--yes", "--scope", "user")
    assert hooks("doctor", "claude")[0] == 0, "Claude Code runs the same command once"
    changed(lambda settings: settings.update(enabledPlugins={"holdfast@holdfast": True}))

    code, told, _ = hooks("doctor", "claude")

    assert code == 1
    assert "Each event calls us more than once: by" in told
    assert "and by a plugin." in told


def test_codex_calls_a_command_of_two_files_twice(hooks: Hooks, work_dir: Path) -> None:
    program(work_dir, "codex", PROGRAMS["codex"].tried_version)
    for scope in ("project", "user"):
        hooks("install", "codex", "--yes", "--scope", scope)

    assert "Each event calls us more than once: by" in hooks("doctor", "codex")[1]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda s: s["hooks"].pop("PreToolUse"), "lacks PreToolUse."),
        (
            lambda s: s["hooks"]["SessionStart"][0].update(matcher="startup|clear"),
            "SessionStart is matched by 'startup|clear' only: resume is left out.",
        ),
        (
            lambda s: s["hooks"]["Stop"][0]["hooks"][0].update(timeout=1),
            "Stop has a time limit of 1 s; it needs 900.",
        ),
        (
            lambda s: s["hooks"].update(Gone=s["hooks"]["Stop"]),
            "Gone is an older entry; nothing listens to it.",
        ),
        (lambda s: s.update(disableAllHooks=True), "disableAllHooks in"),
        (
            lambda s: s["hooks"]["Stop"][0]["hooks"][0].update(
                command="/gone/holdfast-hook claude"
            ),
            "calls /gone/holdfast-hook, which is not there.",
        ),
    ],
)
def test_one_thing_that_is_wrong_is_one_line(
    hooks: Hooks, change: Callable[[Any], object], what: str
) -> None:
    hooks("install", "claude", "--yes")
    changed(change)

    code, told, error = hooks("doctor", "claude")

    assert (code, error) == (1, "")
    [line] = told.splitlines()
    assert line.startswith("wrong  claude: ")
    assert what in line
    assert " Next: " in line
    hooks("install", "claude", "--yes")
    if what != "disableAllHooks in":  # that is the user's own word
        assert hooks("doctor", "claude")[0] == 0, "what it advises helps"


def test_a_settings_file_that_cannot_be_read_is_one_line(hooks: Hooks) -> None:
    hooks("install", "claude", "--yes")
    SETTINGS.write_text("{")

    code, told, _ = hooks("doctor", "claude")

    assert code == 1
    assert "settings.json is not JSON as Claude Code reads it: line 1: " in told


def test_without_our_command_on_path_nothing_is_called(hooks: Hooks, work_dir: Path) -> None:
    hooks("install", "claude", "--yes")
    (work_dir / "bin" / "holdfast-hook").unlink()

    code, told, _ = hooks("doctor", "claude")

    assert code == 1
    assert "calls holdfast-hook, which is not on PATH." in told


def test_a_version_never_tried_is_a_note_and_not_wrong(hooks: Hooks, work_dir: Path) -> None:
    program(work_dir, "claude", "9.9.9")
    hooks("install", "claude", "--yes")

    code, told, _ = hooks("doctor", "claude")

    assert code == 0
    assert told.startswith("note   claude: Claude Code 9.9.9 was never tried with this Holdfast")


def test_a_program_that_is_not_installed_is_told(hooks: Hooks) -> None:
    code, told, _ = hooks("doctor", "gemini")

    assert code == 1
    assert "gemini is not on PATH. Next: Install Gemini CLI." in told


def test_codex_says_what_it_does_not_trust(hooks: Hooks, home: Path, work_dir: Path) -> None:
    program(work_dir, "codex", PROGRAMS["codex"].tried_version)
    hooks("install", "codex", "--yes")
    project = home / "project"

    told = hooks("doctor", "codex")[1]
    assert f"Codex does not trust the project {project}" in told
    assert "waits for you to trust the hooks of PostCompact, PostToolUse," in told

    config = home / ".codex" / "config.toml"
    config.parent.mkdir()
    lines = [f'[projects."{project}"]', 'trust_level = "trusted"']
    for event in PROGRAMS["codex"].events:
        words = "".join(f"_{c.lower()}" if c.isupper() else c for c in event)[1:]
        lines += [f'[hooks.state."{project}/.codex/hooks.json:{words}:0:0"]', 'trusted_hash = "x"']
    config.write_text("\n".join(lines))
    assert hooks("doctor", "codex") == (0, "well   codex calls Holdfast.\n", "")


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"enabled": False}, "hooksConfig.enabled"),
        ({"disabled": ["holdfast"]}, "hooksConfig.disabled"),
    ],
)
def test_gemini_says_which_setting_turns_hooks_off(
    hooks: Hooks, work_dir: Path, settings: dict[str, Any], what: str
) -> None:
    program(work_dir, "gemini", PROGRAMS["gemini"].tried_version)
    hooks("install", "gemini", "--yes")
    file = Path(".gemini/settings.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"hooksConfig": settings}))

    code, told, _ = hooks("doctor", "gemini")

    assert code == 1
    assert f"{what} in" in told


def test_gemini_says_that_it_does_not_trust_the_folder(
    hooks: Hooks, home: Path, work_dir: Path
) -> None:
    program(work_dir, "gemini", PROGRAMS["gemini"].tried_version)
    hooks("install", "gemini", "--yes")

    [line] = hooks("doctor", "gemini")[1].splitlines()
    assert f"Gemini does not trust the folder {home / 'project'}" in line

    trusted = home / ".gemini" / "trustedFolders.json"
    trusted.parent.mkdir()
    trusted.write_text(json.dumps({str(home): "TRUST_FOLDER"}))
    assert hooks("doctor", "gemini") == (0, "well   gemini calls Holdfast.\n", "")


def test_a_settings_file_of_our_own_that_cannot_be_read_is_told(hooks: Hooks) -> None:
    hooks("install", "claude", "--yes")
    Path("holdfast.toml").write_text("lease_secs = 3")

    code, told, _ = hooks("doctor", "claude")

    assert code == 1
    assert "wrong  holdfast: " in told
    assert "Did you mean lease_seconds?" in told


def test_a_database_that_does_not_answer_is_told(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks("install", "claude", "--yes")
    monkeypatch.setenv("HOLDFAST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    code, told, _ = hooks("doctor", "claude")

    assert code == 1
    [line] = told.splitlines()
    assert line.startswith("wrong  holdfast: ")
