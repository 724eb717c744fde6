"""Directives as a person and an agent meet them: `holdfast directive`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import Command, added, cache, started

TREE = """
key: SD-ROOT
title: Everything
description: All there is.
children:
  - key: SD-B
    title: The second
    priority: 20
    needs: [SD-A]
  - {key: SD-A, title: The first, priority: 10, verify: make test}
"""


def test_a_tree_is_imported_once(cli: Command) -> None:
    Path("tree.yaml").write_text(TREE)

    assert cli("directive", "import", "tree.yaml", "--json").json == {
        "created": ["SD-ROOT", "SD-B", "SD-A"],
        "unchanged": [],
    }
    before = cli("directive", "tree", "--json").json
    assert cli("directive", "import", "tree.yaml", "--json").json == {
        "created": [],
        "unchanged": ["SD-ROOT", "SD-B", "SD-A"],
    }
    assert cli("directive", "tree", "--json").json == before
    assert [(d["sd_key"], d["depth"], d["priority"]) for d in before] == [
        ("SD-ROOT", 0, 100),
        ("SD-A", 1, 10),
        ("SD-B", 1, 20),
    ]
    shown = cli("directive", "show", "SD-B", "--json").json
    assert (shown["needs"], shown["waits_for"], shown["parent_key"]) == (["SD-A"], ["SD-A"], "SD-ROOT")  # fmt: skip
    assert cli("directive", "show", "SD-A", "--json").json["verification"] == "make test"
    assert cli("directive", "show", "SD-ROOT", "--json").json["children"] == ["SD-A", "SD-B"]


def test_a_tree_that_has_grown_adds_what_is_new(cli: Command) -> None:
    Path("tree.yaml").write_text(TREE)
    cli("directive", "import", "tree.yaml")
    Path("tree.yaml").write_text(TREE + "  - {key: SD-C, needs: [SD-B]}\n")

    told = cli("directive", "import", "tree.yaml")

    assert told.out.splitlines() == [
        "unchanged  SD-ROOT",
        "unchanged  SD-B",
        "unchanged  SD-A",
        "created    SD-C",
        "1 created, 3 unchanged",
    ]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("The second", "Another", "title"),
        ("All there is.", "Some of it.", "description"),
        ("priority: 20", "priority: 21", "priority"),
        ("make test", "make check", "verify"),
        ("[SD-A]", "[]", "needs"),
    ],
)
def test_a_tree_that_says_something_else_changes_nothing(
    cli: Command, old: str, new: str, field: str
) -> None:
    Path("tree.yaml").write_text(TREE)
    cli("directive", "import", "tree.yaml")
    before = cli("directive", "tree", "--json").json
    Path("tree.yaml").write_text(TREE.replace(old, new) + "  - {key: SD-C}\n")

    refused = cli("directive", "import", "tree.yaml")

    assert refused.code == 1
    assert f"exists already with another {field}." in refused.err
    assert "Nothing was imported." in refused.err
    assert cli("directive", "tree", "--json").json == before


def test_a_tree_may_need_what_is_there_and_not_what_is_nowhere(cli: Command) -> None:
    added(cli, "SD-0")
    Path("tree.yaml").write_text("{key: SD-1, needs: [SD-0]}")
    assert cli("directive", "import", "tree.yaml", "--json").json["created"] == ["SD-1"]
    Path("tree.yaml").write_text("{key: SD-2, needs: [SD-9]}")
    refused = cli("directive", "import", "tree.yaml")
    assert (refused.code, refused.err.splitlines()[0]) == (1, "error: There is no directive SD-9.")
    assert {d["sd_key"] for d in cli("directive", "list", "--json").json} == {"SD-0", "SD-1"}


def test_a_directive_goes_through_its_phases(cli: Command) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    cli("session", "claim", "SD-1")

    assert cli("directive", "move", "SD-1", "plan", "--json").json["phase"] == "PLAN"
    assert cache()["s1"]["claim"]["phase"] == "PLAN"
    cli("directive", "move", "SD-1", "LEAD").assert_refused(
        "reason is empty; going back from PLAN to LEAD needs one.", "Give a reason."
    )
    assert cli("directive", "move", "SD-1", "LEAD", "--reason", "again", "--json").json["phase"] == "LEAD"  # fmt: skip
    assert cli("directive", "complete", "SD-1").out == "SD-1 is completed in LEAD\n"
    assert cache()["s1"]["claim"] is None
    assert cli("session", "show", "--json").json["sd_key"] is None


def test_what_a_session_holds_is_moved_by_nobody_else(cli: Command) -> None:
    added(cli, "SD-1")
    started(cli, "s1")
    started(cli, "s2")
    cli("session", "claim", "SD-1", "--session", "s1")

    for arguments in (["--session", "s2"], []):
        cli("directive", "complete", "SD-1", *arguments).assert_refused(
            "directive SD-1 is under a lease of s1 until 2030-01-01 12:15:00+00; this call brought no token.",
            "Bring the token of that lease, or wait until it is released.",
        )


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["show", "SD-2"], "There is no directive SD-2.", "Did you mean SD-1?"),
        (["tree", "SD-2"], "There is no directive SD-2.", "Did you mean SD-1?"),
        (["complete", "SD-2"], "There is no directive SD-2.", "Did you mean SD-1?"),
        (["move", "SD-1", "activ"], "activ is no status and no phase of a directive.", "Did you mean active?"),
        (["move", "SD-1", "EXEC"], "directive SD-1 is LEAD; from there it cannot become EXEC.",
            "Read its state again; the allowed moves are drawn in ARCHITECTURE.md."),
        (["add", "SD-2", "t", "--parent", "SD-11"], "There is no directive SD-11.", "Did you mean SD-1?"),
        (["add", "SD-2", "t", "--needs", "SD-11"], "There is no directive SD-11.", "Did you mean SD-1?"),
        (["add", "SD-1", "again"], "The directive SD-1 exists already.", "Choose another key."),
        (["import", "no.yaml"], "no.yaml cannot be read: [Errno 2] No such file or directory: 'no.yaml'",
            "Name an existing YAML file."),
    ],
)  # fmt: skip
def test_a_wrong_word_about_a_directive_is_told(
    cli: Command, arguments: list[str], error: str, hint: str
) -> None:
    added(cli, "SD-1")
    cli("directive", *arguments).assert_refused(error, hint)


def test_lists_show_who_holds_what(cli: Command) -> None:
    Path("tree.yaml").write_text(TREE)
    assert "directive add" in cli("directive", "list").out
    cli("directive", "import", "tree.yaml")
    started(cli, "s1")
    cli("session", "claim", "SD-A")

    tree = cli("directive", "tree").out
    assert [line.split()[0] for line in tree.splitlines()] == [
        "directive",
        "SD-ROOT",
        "SD-A",
        "SD-B",
    ]
    assert "s1" in tree
    assert "waits for SD-A" in tree
    assert "s1 since" in cli("directive", "show", "SD-A").out
    Path("Makefile").write_text("test:\n\t@true\n")  # its verification is: make test
    cli("directive", "complete", "SD-A")
    [done] = cli("directive", "list", "--status", "completed", "--json").json
    assert done["sd_key"] == "SD-A"
    assert len(cli("directive", "list", "--json").json) == 2


def test_a_name_with_brackets_is_shown_as_it_is(cli: Command) -> None:
    assert cli("session", "start", "--id", "[/x]").code == 0
    assert "[/x]" in cli("status").out
    assert "[/x]" in cli("session", "list").out
