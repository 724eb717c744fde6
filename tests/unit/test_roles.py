"""Role files: what they say, and which one counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.agents.roles import find_role, read_role
from holdfast.errors import ConfigError


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_a_file_of_claude_code_is_understood(tmp_path: Path) -> None:
    text = "---\nname: code-reviewer\ndescription: Reviews code\ntools: Read, Bash(git *)\nmodel: haiku\n---\n\nYou review.\n\nBe kind.\n"

    role = read_role(write(tmp_path / "any.md", text))

    assert (role.name, role.description, role.model) == ("code-reviewer", "Reviews code", "haiku")
    assert role.allowed_tools == ("Read", "Bash(git *)")
    assert role.prompt == "You review.\n\nBe kind."


@pytest.mark.parametrize(
    ("text", "name", "prompt"),
    [
        ("You review.", "any", "You review."),
        ("---\nname: other\n---\nYou review.", "other", "You review."),
        ("---\r\nname: other\r\n---\r\nYou review.\r\n", "other", "You review."),
        # People write so; YAML refuses it.
        ("---\nname: other\ndescription: Use it: always\n---\nYou review.", "other", "You review."),
        ("---\n- a list\n---\nYou review.", "any", "You review."),
        ("---\nname: other\nYou review.", "any", "---\nname: other\nYou review."),
        ("---\n---\nYou review.\n---\nStill.", "any", "You review.\n---\nStill."),
        ("", "any", ""),
    ],
)
def test_front_matter_is_read_as_far_as_there_is_any(
    tmp_path: Path, text: str, name: str, prompt: str
) -> None:
    role = read_role(write(tmp_path / "any.md", text))

    assert (role.name, role.prompt) == (name, prompt)


@pytest.mark.parametrize(
    ("told", "model", "tools"),
    [("model: inherit", None, None), ("tools: [Read, Write]", None, ("Read", "Write"))],
)
def test_what_is_not_said_is_left_to_the_program(
    tmp_path: Path, told: str, model: str | None, tools: tuple[str, ...] | None
) -> None:
    role = read_role(write(tmp_path / "any.md", f"---\n{told}\n---\nYou review."))

    assert (role.model, role.allowed_tools) == (model, tools)


def test_the_nearest_folder_counts_and_holdfasts_own_before_claudes(tmp_path: Path) -> None:
    home, inner = tmp_path / "home", tmp_path / "project" / "inner"
    inner.mkdir(parents=True)
    for folder, prompt in (
        (home / ".claude" / "agents", "of the user"),
        (tmp_path / "project" / ".claude" / "agents", "of the project"),
        (inner / ".claude" / "agents", "of the folder, for Claude"),
        (inner / ".holdfast" / "roles", "of the folder"),
    ):
        assert prompt not in [role_of(home, inner)]
        write(folder / "deep" / "r.md", f"---\nname: reviewer\n---\n{prompt}")
        assert role_of(home, inner) == prompt


def role_of(home: Path, folder: Path) -> str | None:
    try:
        return find_role("reviewer", folder, home=home).prompt
    except ConfigError:
        return None


def test_an_unknown_role_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path / ".claude" / "agents" / "code-reviewer.md", "You review.")

    with pytest.raises(ConfigError, match="There is no role code-reviwer") as refused:
        find_role("code-reviwer", tmp_path, home=tmp_path / "home")
    assert refused.value.hint == "Did you mean code-reviewer?"

    with pytest.raises(ConfigError) as refused:
        find_role("poet", tmp_path, home=tmp_path / "home")
    assert ".holdfast/roles/poet.md" in str(refused.value.hint)


def test_a_role_that_cannot_be_read_is_refused_with_its_file(tmp_path: Path) -> None:
    file = tmp_path / ".claude" / "agents" / "bad.md"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xfe\xff")

    with pytest.raises(ConfigError, match=r"bad\.md cannot be read"):
        find_role("bad", tmp_path, home=tmp_path / "home")
