"""Where git stands: real repositories and work trees, and folders in which there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.errors import HoldfastError
from holdfast.sync import git as module
from holdfast.sync.git import Head, WorkTree, branches, keys_in, read_work_tree, switch_branch
from tests.support.repositories import git, repository


def test_a_branch_is_read_also_before_its_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch", "fée/one")
    (tmp_path / "deep" / "down").mkdir(parents=True)
    expected = WorkTree(head=Head.BRANCH, folder=tmp_path, branch="fée/one")
    assert read_work_tree(tmp_path) == read_work_tree(tmp_path / "deep" / "down") == expected


def test_a_commit_that_is_checked_out_is_no_branch(tmp_path: Path) -> None:
    repository(tmp_path)
    git(tmp_path, "switch", "--quiet", "--detach")
    assert read_work_tree(tmp_path) == WorkTree(head=Head.DETACHED, folder=tmp_path)


def test_a_second_work_tree_has_a_folder_and_a_branch_of_its_own(tmp_path: Path) -> None:
    repository(tmp_path / "main")
    git(tmp_path / "main", "worktree", "add", "--quiet", "-b", "other", "../other")
    assert read_work_tree(tmp_path / "main").branch == "main"
    expected = WorkTree(head=Head.BRANCH, folder=tmp_path / "other", branch="other")
    assert read_work_tree(tmp_path / "other") == expected


def test_one_folder_under_two_names_is_one_work_tree(tmp_path: Path) -> None:
    repository(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    assert read_work_tree(tmp_path / "link") == read_work_tree(tmp_path / "real")


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"gitdir: /nowhere\n", b"gitdir:"])
def test_what_is_no_repository_has_no_git(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / ".git").write_bytes(content)
    assert read_work_tree(tmp_path) == WorkTree(head=Head.NO_GIT)


def test_looking_needs_no_git_to_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert read_work_tree(tmp_path).branch == "main"
    with pytest.raises(HoldfastError, match="git is not installed"):
        switch_branch(tmp_path, "main")


def test_a_git_that_does_not_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(HoldfastError, match="git for-each-ref did not end within 0 s"):
        branches(tmp_path)


def test_a_branch_is_switched_and_uncommitted_work_is_not_lost(tmp_path: Path) -> None:
    repository(tmp_path, "other")
    switch_branch(tmp_path, "other")
    assert read_work_tree(tmp_path).branch == "other"
    (tmp_path / "file").write_text("changed on other")
    git(tmp_path, "commit", "--quiet", "--all", "--message", "two")
    (tmp_path / "file").write_text("not committed")

    with pytest.raises(HoldfastError, match="git switch: error: Your local changes"):
        switch_branch(tmp_path, "main")

    assert (tmp_path / "file").read_text() == "not committed"
    assert sorted(branches(tmp_path)) == ["main", "other"]


def test_an_unknown_branch_is_told(tmp_path: Path) -> None:
    repository(tmp_path)
    with pytest.raises(HoldfastError, match="git switch: fatal: invalid reference: nowhere"):
        switch_branch(tmp_path, "nowhere")


def test_git_looks_at_the_folder_also_inside_its_own_hooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path / "one", "only-in-one")
    repository(tmp_path / "two")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "one" / ".git"))
    assert branches(tmp_path / "two") == ["main"]


@pytest.mark.parametrize(
    ("branch", "key", "is_named"),
    [
        ("feature/SD-002B-login", "SD-002B", True),
        ("feature/sd-002b", "SD-002B", True),
        ("SD-002B", "SD-002B", True),
        ("feature/SD-002B", "SD-002", False),
        ("feature/XSD-002", "SD-002", False),
        ("main", "SD-1", False),
        ("fix_SD-1_again", "SD-1", True),
    ],
)
def test_a_branch_names_a_directive_by_a_whole_word(branch: str, key: str, is_named: bool) -> None:
    assert (key in keys_in(branch)) is is_named


def test_a_very_long_branch_is_not_looked_through_for_ever() -> None:
    assert len(keys_in("-".join("abcdefghij" * 30))) < 1000
