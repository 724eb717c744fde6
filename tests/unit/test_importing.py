"""Files with a tree of directives: what is wrong is told with file, line, key and the nearest known key."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.errors import InvalidValue
from holdfast.model.directives import NewDirective
from holdfast.sessions.importing import load_directives, parse_directives
from holdfast.sync.git import current_branch


def test_a_tree_is_read_with_parents_before_children() -> None:
    text = """
    - key: SD-1
      title: One
      description: "more: words"
      priority: 5
      verify: make test
      children:
        - {key: SD-1-a, needs: [SD-1-b, SD-OLD]}
        - {key: SD-1-b}
    - {key: 2030-01-01}
    """
    assert parse_directives(text) == (
        NewDirective(
            key="SD-1", title="One", description="more: words", priority=5, verify="make test"
        ),
        NewDirective(key="SD-1-a", title="SD-1-a", needs=("SD-1-b", "SD-OLD"), parent="SD-1"),
        NewDirective(key="SD-1-b", title="SD-1-b", parent="SD-1"),
        NewDirective(key="2030-01-01", title="2030-01-01"),
    )


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("", "f: there is no directive.", "Begin with: key: SD-1"),
        ("[]", "f: there is no directive.", "Begin with: key: SD-1"),
        ("just a text", "f line 1: just a text is not a mapping.", "Begin with: key: SD-1"),
        ("\n- [1]", "f line 2: a list is not a mapping.", "Begin with: key: SD-1"),
        ("key: [", "f line 1: this is not YAML", None),
        ("a: 1\n--- \nb: 2", "f line 2: this is not YAML", None),
        ("key: SD-1\nprioritty: 3", "f line 2: prioritty is not a key here.", "Did you mean priority?"),
        ("key: SD-1\nzzz: 3", "f line 2: zzz is not a key here.", "Known keys: key, title,"),
        ("key: SD-1\nkey: SD-2", "f line 2: key stands twice.", "Give it once."),
        ("title: SD-1", "f line 1: key is missing.", "Known keys: key, title,"),
        ("key:", "f line 1: key = nothing is not a text.", None),
        ("key: a b", "f line 1: key = 'a b' is no key.", "Begin with a letter or digit"),
        ("key: SD-1\npriority: high", "f line 2: priority = high is not a whole number.", "Lower comes first."),
        ("key: SD-1\npriority: 3000000000", "is not a whole number.", "Lower comes first."),
        ("key: SD-1\nneeds: SD-2", "f line 2: needs = SD-2 is not a list.", None),
        ("key: SD-1\nneeds:\n- {}", "f line 3: needs = a mapping is not a text.", None),
        ("key: SD-1\nchildren: {key: SD-2}", "f line 2: children = a mapping is not a list.", None),
        ("key: SD-1\nchildren:\n- key: SD-1", "f line 3: key SD-1 stands already in line 1.", "Give each its own."),
        ("&a {key: SD-1, children: [*a]}", "f line 1: key SD-1 stands already in line 1.", "Give each its own."),
        ("- {key: A, needs: [B]}\n- {key: B, needs: [A]}", "these wait for each other: A", "Take one of these needs out."),
        ("key: A\nneeds: [A]", "f line 1: these wait for each other: A → A.", "Take one of these needs out."),
        ("key: A\nchildren:\n- {key: B, needs: [A]}", "these wait for each other:", "Take one of these needs out."),
        ("[" * 5000, "f: the tree is nested too deeply.", None),
        ("- &a" + " \x00", "this is not YAML", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(text: str, error: str, hint: str | None) -> None:
    with pytest.raises(InvalidValue) as refusal:
        parse_directives(text, "f")
    assert error in refusal.value.message
    assert (hint or "") in (refusal.value.hint or "")


def test_more_than_a_thousand_are_too_many() -> None:
    def text(count: int) -> str:
        return "\n".join(f"- {{key: SD-{number}}}" for number in range(count))

    assert len(parse_directives(text(1000))) == 1000
    with pytest.raises(InvalidValue, match="more than 1000"):
        parse_directives(text(1001))


def test_a_thousand_that_need_each_other_in_a_row_are_read() -> None:
    lines = [f"- {{key: SD-{number}, needs: [SD-{number + 1}]}}" for number in range(999)]
    assert len(parse_directives("\n".join([*lines, "- {key: SD-999}"]))) == 1000


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "tree.yaml"
    with pytest.raises(InvalidValue, match="No such file"):
        load_directives(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidValue, match="cannot be read"):
        load_directives(file)


def test_the_branch_is_read_from_gits_own_files(tmp_path: Path) -> None:
    (tmp_path / "main" / ".git" / "worktrees" / "w").mkdir(parents=True)
    (tmp_path / "main" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "main" / ".git" / "worktrees" / "w" / "HEAD").write_text("ref: refs/heads/a/b\n")
    (tmp_path / "w" / "deep").mkdir(parents=True)
    (tmp_path / "w" / ".git").write_text(f"gitdir: {tmp_path}/main/.git/worktrees/w\n")

    assert current_branch(tmp_path / "main") == "main"
    assert current_branch(tmp_path / "w" / "deep") == "a/b"
    (tmp_path / "main" / ".git" / "HEAD").write_text("0123456789abcdef\n")
    assert current_branch(tmp_path / "main") is None
