"""Every combination of file, database and branch, against a table that was written by hand."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from holdfast.sync.divergence import (
    CannotTell,
    Consistent,
    Difference,
    Diverged,
    Kind,
    Repair,
    compare,
)
from holdfast.sync.git import Head, WorkTree
from holdfast.sync.sides import DatabaseAway, DatabaseState, DatabaseView, FileView, GitView, Held

A = Held(sd_key="SD-A", phase="EXEC", epoch=3)
B = Held(sd_key="SD-B", phase="EXEC", epoch=3)

FILES = {
    "damaged": FileView(problem="state.json is damaged"),
    "absent": FileView(),
    "idle": FileView(is_known=True, epoch=1),
    "A": FileView(is_known=True, epoch=1, held=A),
    "A, older claim": FileView(
        is_known=True, epoch=1, held=Held(sd_key="SD-A", phase="EXEC", epoch=2)
    ),
    "A, other phase": FileView(
        is_known=True, epoch=1, held=Held(sd_key="SD-A", phase="PLAN", epoch=3)
    ),
    "older lease": FileView(is_known=True, epoch=0, held=A),
}


def database(state: str, epoch: int = 1, held: Held | None = None) -> DatabaseView:
    return DatabaseView(
        state=DatabaseState(state), epoch=epoch, held=held, branch="main", worktree="/w"
    )


DATABASES = {
    "unknown": DatabaseView(state=DatabaseState.UNKNOWN),
    "ended": database("ended"),
    "lost": database("lost"),
    "idle": database("live"),
    "A": database("live", held=A),
    "B": database("live", held=B),
    "twin": database("live", epoch=2),
    "twin, A": database("live", epoch=2, held=A),
}


def git(branch: str | None, sd_key: str | None = None, folder: str = "/w") -> GitView:
    head = Head.BRANCH if branch else Head.DETACHED
    return GitView(tree=WorkTree(head=head, folder=Path(folder), branch=branch), sd_key=sd_key)


GITS = {
    "no git": GitView(tree=WorkTree(head=Head.NO_GIT)),
    "detached": git(None),
    "as recorded": git("main"),
    "another": git("dev"),
    "for A": git("fix/SD-A", "SD-A"),
    "for B": git("fix/SD-B", "SD-B"),
    "elsewhere": git("main", folder="/elsewhere"),
}

OLDER = {
    "silent": FileView(),
    "A": FileView(says_older=True, older_sd_key="SD-A"),
    "nothing": FileView(says_older=True),
    "damaged": FileView(older_problem="it is damaged"),
}

MEANING = {
    "P": (Kind.CLAIM, Repair.PUT_ASIDE),
    "H": (Kind.CLAIM, Repair.BY_HAND),
    "h": (Kind.SESSION, Repair.BY_HAND),
    "S": (Kind.SESSION, Repair.FORGET_SESSION),
    "F": (Kind.CLAIM, Repair.FORGET_CLAIM),
    "R": (Kind.CLAIM, Repair.RENEW_CLAIM),
    "p": (Kind.PHASE, Repair.REWRITE_PHASE),
    "b": (Kind.BRANCH, Repair.SWITCH_BRANCH),
    "w": (Kind.WORKTREE, Repair.BY_HAND),
    "o": (Kind.OLDER_FILE, Repair.REWRITE_OLDER),
}

# Columns: unknown, ended, lost, idle, A, B, twin, twin with A.
OF_FILE = {
    "damaged":        "P P P P P P P P",
    "absent":         "- - - h H H h H",
    "idle":           "S S - - R R S S",
    "A":              "S S F F - R S S",
    "A, older claim": "S S F F R R S S",
    "A, other phase": "S S F F p R S S",
    "older lease":    "S S S S S S S S",
}  # fmt: skip
OF_GIT = {
    "no git":         "- - - - - - - -",
    "detached":       "- - - - b b - b",
    "as recorded":    "- - - - - - - -",
    "another":        "- - - - b b - b",
    "for A":          "- - - - - b - -",
    "for B":          "- - - - b - - b",
    "elsewhere":      "- - - w w w w w",
}  # fmt: skip
OF_OLDER = {
    "silent":         "- - - - - - - -",
    "A":              "o o o o - o o -",
    "nothing":        "- - - - o o - o",
    "damaged":        "o o o o o o o o",
}  # fmt: skip

TABLE = list(itertools.product(FILES, DATABASES, GITS, OLDER))


def expected(table: dict[str, str], row: str, column: str) -> list[tuple[Kind, Repair]]:
    code = table[row].split()[list(DATABASES).index(column)]
    return [MEANING[code]] if code != "-" else []


def view(file: str, older: str) -> FileView:
    one, other = FILES[file], OLDER[older]
    return FileView(
        problem=one.problem,
        is_known=one.is_known,
        epoch=one.epoch,
        held=one.held,
        older_sd_key=other.older_sd_key,
        says_older=other.says_older,
        older_problem=other.older_problem,
    )


def test_every_combination_of_file_database_and_branch() -> None:
    assert len(TABLE) == 7 * 8 * 7 * 4
    for file, db, branch, older in TABLE:
        wanted = [
            *expected(OF_FILE, file, db),
            *expected(OF_OLDER, older, db),
            *expected(OF_GIT, branch, db),
        ]
        verdict = compare(view(file, older), DATABASES[db], GITS[branch])
        found = verdict.differences if isinstance(verdict, Diverged) else ()
        told = f"file {file}, database {db}, branch {branch}, older {older}"
        assert [(one.kind, one.repair) for one in found] == wanted, told
        assert isinstance(verdict, Diverged if wanted else Consistent), told
        assert all("\n" not in one.line and one.line.startswith("⚠️ ") for one in found), told


def test_without_the_database_no_combination_is_called_consistent() -> None:
    for file, _, branch, older in TABLE:
        verdict = compare(view(file, older), DatabaseAway(why="it is away"), GITS[branch])
        assert verdict == CannotTell(why="it is away")


def lines(file: FileView, db: str, branch: str = "no git") -> list[str]:
    verdict = compare(file, DATABASES[db], GITS[branch])
    assert isinstance(verdict, Diverged)
    return [one.line for one in verdict.differences]


@pytest.mark.parametrize(
    ("file", "db", "branch", "line"),
    [
        ("A", "B", "no git", "⚠️ SD mismatch: file=SD-A, db_claim=SD-B"),
        ("A", "idle", "no git", "⚠️ SD mismatch: file=SD-A, db_claim=none"),
        ("idle", "A", "no git", "⚠️ SD mismatch: file=none, db_claim=SD-A"),
        ("damaged", "A", "no git", "⚠️ SD mismatch: file=unreadable, db_claim=SD-A"),
        ("A, older claim", "A", "no git", "⚠️ SD mismatch: file=SD-A (epoch 2), db_claim=SD-A (epoch 3)"),
        ("A, other phase", "A", "no git", "⚠️ phase mismatch: file=PLAN, db=EXEC"),
        ("A", "ended", "no git", "⚠️ session mismatch: file=known, db=ended"),
        ("A", "twin", "no git", "⚠️ session mismatch: file=epoch 1, db=epoch 2"),
        ("absent", "idle", "no git", "⚠️ session mismatch: file=none, db=live"),
        ("A", "A", "for B", "⚠️ branch mismatch: branch=fix/SD-B, db_claim=SD-A"),
        ("A", "A", "another", "⚠️ branch mismatch: branch=dev, session=main"),
        ("A", "A", "detached", "⚠️ branch mismatch: branch=detached, session=main"),
        ("A", "A", "elsewhere", "⚠️ worktree mismatch: here=/elsewhere, session=/w"),
    ],
)  # fmt: skip
def test_a_difference_is_one_line(file: str, db: str, branch: str, line: str) -> None:
    assert lines(FILES[file], db, branch) == [line]


def test_the_older_files_difference_names_it() -> None:
    assert lines(view("A", "nothing"), "A") == [
        "⚠️ older file mismatch: auto-proceed-state=none, db_claim=SD-A"
    ]


def test_what_was_never_recorded_is_not_compared() -> None:
    unrecorded = DatabaseView(state=DatabaseState.LIVE, epoch=1, held=A)
    for branch in ("detached", "as recorded", "another", "elsewhere"):
        assert compare(FILES["A"], unrecorded, GITS[branch]) == Consistent()


def test_every_kind_and_repair_occurs_in_the_table() -> None:
    found: set[Difference] = set()
    for file, db, branch, older in TABLE:
        verdict = compare(view(file, older), DATABASES[db], GITS[branch])
        found |= set(verdict.differences) if isinstance(verdict, Diverged) else set()
    assert {one.kind for one in found} == set(Kind) - {Kind.CACHE}
    assert {one.repair for one in found} == set(Repair)
