"""What a role's patterns allow of a shell command."""

from __future__ import annotations

import io

import pytest

from holdfast.hooks import of_role

PATTERNS = ["git diff *", "git log:*", "ls *", "wc *", "npm * test", "make check"]


@pytest.mark.parametrize(
    "command",
    [
        "git diff",
        "git   diff  a b",
        "git log --oneline HEAD@{1} | wc -l",
        "git log 2>&1 | wc -l > /dev/null",
        "git log &>/dev/null",
        "git log --grep 'a;b'",
        "npm run unit test",
        "make check && ls; ls || ls",
    ],
)
def test_what_a_pattern_names_is_allowed(command: str) -> None:
    assert of_role.is_allowed(command, PATTERNS)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "rm x",
        "git difftool",
        "make check all",
        "X=1 git log",
        "ls1>/dev/null",
        # Beside what is allowed.
        "git log; rm x",
        "ls x;rm y",
        "ls x|rm y",
        "ls x && rm y",
        "git log || rm x",
        "git log & rm x",
        "git log\nrm x",
        "ls 2>&1;rm x",
        "ls >/dev/null;rm x",
        # Within it.
        'git diff "$(rm x)"',
        "git log `rm x`",
        "ls <(rm x)",
        "git log ${x@P}",
        "(git log)",
        # Into files.
        "git log > x",
        "git log >> x",
        "git log 2> x",
        "ls >/dev/nullx",
        "ls <x",
        # Cut off.
        "ls 'unclosed",
    ],
)
def test_anything_else_is_refused(command: str) -> None:
    assert not of_role.is_allowed(command, PATTERNS)


@pytest.mark.parametrize("event", ["", "[]", "{}", '{"tool_input": {"command": 1}}'])
def test_what_is_no_command_is_refused(event: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(event.encode())))
    assert of_role.main(["ls *"]) == of_role.REFUSED
