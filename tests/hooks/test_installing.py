"""Installing keeps what is there, and uninstalling gives every byte back."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from holdfast.hooks.programs import PROGRAMS
from tests.hooks.conftest import Hooks
from tests.support.patience import PATIENCE_SECONDS

CLAUDE_EVENTS = [
    "SessionStart",
    "SessionEnd",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "PreCompact",
    "PostCompact",
    "TaskCompleted",
    "Stop",
]
OTHERS = """\
{
    // what Gemini allows
    "theme": "dark", "unknown": {"b": 1,  "a": [1,2 , 3]},
    "hooks": {
        "BeforeTool": [
            {"matcher": "write_.*", "hooks": [{"type": "command", "command": "./check.sh"}]} // mine
        ],
        "hand-made": []
    }
}
"""


def loaded(file: str | Path) -> Any:
    return json.loads(Path(file).read_text())


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below, with its bytes; what we remember is not of it."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if ".local" not in path.parts
    }


def test_claude_gets_every_event_the_server_and_the_status_line(hooks: Hooks) -> None:
    code, told, _ = hooks("install", "claude", "--yes")

    assert code == 0
    settings = loaded(".claude/settings.json")
    assert sorted(settings["hooks"]) == sorted(CLAUDE_EVENTS)
    for event, groups in settings["hooks"].items():
        limit = 900 if event in ("Stop", "TaskCompleted") else 10
        handler = {"type": "command", "command": "holdfast-hook claude", "timeout": limit}
        assert groups == [{"hooks": [handler]}], "no matcher: every source, resume included"
    assert settings["statusLine"]["command"] == "holdfast-hook claude statusline"
    assert loaded(".mcp.json") == {
        "mcpServers": {"holdfast": {"command": "holdfast", "args": ["mcp"]}}
    }
    assert '+    "SessionStart": [' in told


def test_gemini_gets_its_own_names_and_milliseconds(hooks: Hooks) -> None:
    hooks("install", "gemini", "--yes")

    settings = loaded(".gemini/settings.json")
    limits = {
        event: groups[0]["hooks"][0]["timeout"] for event, groups in settings["hooks"].items()
    }
    assert limits == {
        "SessionStart": 10_000,
        "SessionEnd": 10_000,
        "BeforeAgent": 10_000,
        "BeforeTool": 10_000,
        "AfterTool": 10_000,
        "AfterAgent": 900_000,
    }
    assert settings["hooks"]["BeforeTool"][0]["hooks"][0]["command"] == "holdfast-hook gemini"
    assert settings["mcpServers"]["holdfast"]["args"] == ["mcp"]


def test_codex_gets_hooks_and_its_server_in_toml(hooks: Hooks, home: Path) -> None:
    config = home / ".codex" / "config.toml"
    config.parent.mkdir()
    mine = 'model = "x" # keep me\n\n[mcp_servers.mine]\ncommand = "mine"\n'
    config.write_text(mine)

    code, told, _ = hooks("install", "codex", "--scope", "user", "--yes")

    assert code == 0
    assert (
        loaded(home / ".codex" / "hooks.json")["hooks"]["SessionEnd"][0]["hooks"][0]["timeout"] == 3
    )
    assert config.read_text() == (
        mine + '\n[mcp_servers.holdfast]\ncommand = "holdfast"\nargs = ["mcp"]\n'
    )
    assert "trust them in /hooks" in told


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("scope", ["project", "local", "user"])
def test_a_second_install_changes_nothing_and_uninstall_leaves_no_trace(
    hooks: Hooks, home: Path, program: str, scope: str
) -> None:
    if scope not in PROGRAMS[program].scopes:
        code, _, error = hooks("install", program, "--scope", scope, "--yes")
        assert code == 1
        assert "has no scope local" in error
        return
    before = snapshot(home)

    assert hooks("install", program, "--scope", scope, "--yes")[0] == 0
    installed = snapshot(home)
    assert hooks("install", program, "--scope", scope) == (0, "Nothing to change.\n", "")
    assert snapshot(home) == installed != before

    assert hooks("uninstall", program, "--scope", scope, "--yes")[0] == 0
    assert snapshot(home) == before
    assert hooks("uninstall", program, "--scope", scope) == (0, "Nothing to change.\n", "")


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "{ }\n",
        "\ufeff{\n}\n",
        '{"a":1}',
        '{"hooks":{}, "mcpServers": { } }\n',
        '{\r\n\t"hooks": {\r\n\t\t"AfterTool": [\r\n\t\t]\r\n\t}\r\n}\r\n',
        OTHERS,
        '{"hooks": {"BeforeTool": [{"hooks": []}]}, "é": "\\u00e9"}',
        '{\n  "a": 1 // the last one\n}\n',
        '{\n  "a": 1, /* x */ "b": {"c": []} /* y */\n  // end\n}',
        "{ // only this\n}",
    ],
)
def test_every_byte_comes_back(hooks: Hooks, text: str) -> None:
    file = Path(".gemini/settings.json")
    file.parent.mkdir()
    file.write_bytes(text.encode())

    assert hooks("install", "gemini", "--yes")[0] == 0
    between = file.read_bytes().decode()
    assert hooks("uninstall", "gemini", "--yes")[0] == 0

    assert between.count("holdfast-hook gemini") == len(PROGRAMS["gemini"].events)
    assert file.read_bytes() == text.encode()


def test_what_others_wrote_stays_as_they_wrote_it(hooks: Hooks) -> None:
    file = Path(".gemini/settings.json")
    file.parent.mkdir()
    file.write_text(OTHERS)

    hooks("install", "gemini", "--yes")

    lines = file.read_text().splitlines()
    for line in OTHERS.splitlines():
        # A comma is all that a line of theirs may get.
        assert (
            line in lines or line.replace("} // mine", "}, // mine") in lines or line + "," in lines
        )


def test_a_hand_made_entry_that_looks_like_ours_is_not_touched(hooks: Hooks) -> None:
    file = Path(".claude/settings.json")
    file.parent.mkdir()
    similar = [
        {"type": "command", "command": "holdfast-hook claude || true"},
        {"type": "command", "command": "my-holdfast-hook claude"},
        {"type": "command", "command": "holdfast-hook codex"},
        {"type": "command", "command": "holdfast-hook claude", "async": True},
    ]
    text = json.dumps({"hooks": {"Stop": [{"matcher": "*", "hooks": similar}]}}, indent=3)
    file.write_text(text)

    hooks("install", "claude", "--yes")
    assert loaded(file)["hooks"]["Stop"][0]["hooks"] == similar
    assert len(loaded(file)["hooks"]["Stop"]) == 2
    hooks("uninstall", "claude", "--yes")
    assert file.read_text() == text


def test_an_older_entry_is_brought_up_to_date_and_stands_once(hooks: Hooks) -> None:
    file = Path(".claude/settings.json")
    file.parent.mkdir()
    old = {"type": "command", "command": "/gone/bin/holdfast-hook claude", "timeout": 1}
    mine = {"type": "command", "command": "mine"}
    given = {
        "SessionStart": [{"matcher": "startup", "hooks": [old]}, {"hooks": [old]}],
        "Stop": [{"hooks": [mine, old]}],
        "Dropped": [{"hooks": [old]}],
    }
    file.write_text(json.dumps({"hooks": given}))

    hooks("install", "claude", "--yes")

    now = loaded(file)["hooks"]
    new = {"type": "command", "command": "holdfast-hook claude", "timeout": 10}
    assert now["SessionStart"] == [{"hooks": [new]}]
    assert now["Stop"] == [{"hooks": [mine]}, {"hooks": [new | {"timeout": 900}]}]
    assert "Dropped" not in now


def test_a_status_line_of_the_users_stays_unless_it_is_to_be_replaced(hooks: Hooks) -> None:
    file = Path(".claude/settings.json")
    file.parent.mkdir()
    text = '{"statusLine":   {"type":"command","command":"mine"}}\n'
    file.write_text(text)

    told = hooks("install", "claude", "--yes")[1]
    assert loaded(file)["statusLine"]["command"] == "mine"
    assert "--status-line replaces it" in told
    hooks("install", "claude", "--yes", "--status-line")
    assert loaded(file)["statusLine"]["command"] == "holdfast-hook claude statusline"
    hooks("uninstall", "claude", "--yes")
    assert file.read_text() == text


def test_another_server_of_our_name_stays(hooks: Hooks) -> None:
    Path(".mcp.json").write_text('{"mcpServers": {"holdfast": {"url": "http://mine"}}}')

    told = hooks("install", "claude", "--yes")[1]

    assert "another MCP server named holdfast, which stays" in told
    assert loaded(".mcp.json")["mcpServers"]["holdfast"] == {"url": "http://mine"}


def test_without_mcp_no_server_is_written(hooks: Hooks) -> None:
    hooks("install", "claude", "--yes", "--no-mcp")

    assert not Path(".mcp.json").exists()


def test_a_read_only_data_folder_does_not_keep_anybody_from_installing(
    hooks: Hooks, home: Path
) -> None:
    (home / ".local").write_text("not a folder")

    assert hooks("install", "claude", "--yes")[0] == 0
    assert hooks("uninstall", "claude", "--yes")[0] == 0
    assert loaded(".claude/settings.json") == {}


def test_uninstalling_one_scope_tells_of_the_other(hooks: Hooks) -> None:
    hooks("install", "claude", "--yes", "--scope", "local")

    code, told, _ = hooks("uninstall", "claude", "--yes")

    assert code == 0
    assert told.splitlines() == [
        "note: it is also installed with --scope local, which stays.",
        "Nothing to change.",
    ]


def test_what_somebody_added_since_outlives_us(hooks: Hooks) -> None:
    hooks("install", "claude", "--yes")
    file = Path(".claude/settings.json")
    file.write_text(json.dumps(loaded(file) | {"model": "opus"}))

    hooks("uninstall", "claude", "--yes")

    assert loaded(file) == {"model": "opus"}


def test_without_what_we_remember_everything_of_ours_still_goes(hooks: Hooks, home: Path) -> None:
    hooks("install", "claude", "--yes")
    (home / ".local/share/holdfast/hooks.json").write_text("damaged")

    hooks("uninstall", "claude", "--yes")

    assert loaded(".claude/settings.json") == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: a value was expected"),
        ('{"a": 1,}', "line 1: a text was expected"),
        ('{"a": 1, "a": 2}', "line 1: 'a' stands twice in one object"),
        ("{\n// no\n}", "line 2: a text was expected"),
        ("[]", "the whole in"),
        ('{"hooks": []}', "hooks in"),
        ('{"hooks": {"Stop": {}}}', "hooks.Stop in"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_claude_could_not_read_is_refused_and_left(
    hooks: Hooks, text: str, why: str
) -> None:
    file = Path(".claude/settings.json")
    file.parent.mkdir()
    file.write_text(text)

    code, told, error = hooks("install", "claude", "--yes")

    assert (code, told) == (1, "")
    assert why in error
    assert "next:  Correct the file; nothing was changed." in error
    assert file.read_text() == text
    assert not Path(".mcp.json").exists()


def test_toml_that_cannot_be_read_is_refused_before_anything_is_written(
    hooks: Hooks, home: Path
) -> None:
    config = home / ".codex" / "config.toml"
    config.parent.mkdir()
    config.write_text("model = ")

    code, _, error = hooks("install", "codex", "--scope", "user", "--yes")

    assert code == 1
    assert "is not TOML as Codex reads it" in error
    assert not (home / ".codex" / "hooks.json").exists()


def test_a_dry_run_shows_and_writes_nothing(hooks: Hooks, home: Path) -> None:
    before = snapshot(home)

    code, told, _ = hooks("install", "claude", "--dry-run")

    assert code == 0
    assert "+++" in told
    assert snapshot(home) == before
    assert not (home / ".local").exists()


def test_without_a_terminal_it_shows_and_asks_for_yes(hooks: Hooks, home: Path) -> None:
    before = snapshot(home)
    env = {**os.environ, "HOME": str(home)}

    done = subprocess.run(
        [sys.executable, "-m", "holdfast", "hooks", "install", "claude"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=env,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    assert done.returncode == 1
    assert "+++" in done.stdout
    assert done.stderr.splitlines() == [
        "error: There is no terminal to ask on.",
        "next:  Look at the change above, then run it again with --yes.",
    ]
    assert snapshot(home) == before


def test_off_path_a_whole_path_is_written_for_oneself_and_refused_for_all(
    hooks: Hooks, work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = work_dir / "a b"
    beside.mkdir()
    for name in ("holdfast", "holdfast-hook"):
        (work_dir / "bin" / name).rename(beside / name)
    monkeypatch.setattr(sys, "executable", str(beside / "python"))
    monkeypatch.setenv("PATH", "/nowhere")

    code, _, error = hooks("install", "claude", "--yes")
    assert code == 1
    assert "holdfast-hook is not on PATH" in error
    assert not Path(".claude").exists()

    code, told, _ = hooks("install", "claude", "--yes", "--scope", "local")
    assert code == 0
    assert (
        f"note: holdfast-hook is not on PATH; the file names it as {beside}/holdfast-hook." in told
    )
    command = loaded(".claude/settings.local.json")["hooks"]["Stop"][0]["hooks"][0]["command"]
    assert command == f"'{beside}/holdfast-hook' claude"
    assert hooks("uninstall", "claude", "--yes", "--scope", "local")[0] == 0
    assert not Path(".claude").exists()


def test_a_link_to_the_file_and_its_rights_stay(hooks: Hooks, home: Path) -> None:
    real = home / "dotfiles.json"
    real.write_text("{}")
    real.chmod(0o600)
    Path(".claude").mkdir()
    Path(".claude/settings.json").symlink_to(real)

    hooks("install", "claude", "--yes")

    assert Path(".claude/settings.json").is_symlink()
    assert "hooks" in loaded(real)
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_told(hooks: Hooks) -> None:
    Path(".claude").write_text("not a folder")

    code, _, error = hooks("install", "claude", "--yes")

    assert code == 1
    assert "settings.json cannot be written" in error
    assert "Traceback" not in error


def test_an_unknown_program_is_told_with_the_nearest_one(hooks: Hooks) -> None:
    code, _, error = hooks("install", "cluade", "--yes")

    assert (code, error.splitlines()) == (
        1,
        [
            "error: program = 'cluade' is not one of claude, codex, gemini.",
            "next:  Did you mean claude?",
        ],
    )
