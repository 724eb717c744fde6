"""The examples run as the how-to shows them, each in two processes, and the second knows what the first was told."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.errors import LibraryMissing
from tests.support import programs
from tests.support.fake_models import AnthropicModel, OpenAIModel, Text

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "memory"
HOW_TO = ROOT / "docs" / "how-to" / "keep-what-a-framework-remembers.md"


def _run(example: str, *arguments: str, url: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{example}.py", *arguments],
        env={**os.environ, "HOLDFAST_DATABASE_URL": url, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.stem)
def test_the_how_to_shows_the_example_as_it_is(file: Path) -> None:
    _, _, code = file.read_text().partition('"""\n\n')
    assert code in HOW_TO.read_text()


def test_a_graph_goes_on_in_another_process(holdfast_url: str) -> None:
    assert _run("graph", "blue", url=holdfast_url) == "You have told me: blue"
    assert _run("graph", "green", url=holdfast_url) == "You have told me: blue, green"


def test_an_agent_goes_on_in_another_process(holdfast_url: str) -> None:
    with OpenAIModel(Text("Noted."), Text("Blue.")) as model:
        where = {
            "OPENAI_BASE_URL": f"{model.url}/v1",
            "OPENAI_API_KEY": "none",
            "OPENAI_AGENTS_DISABLE_TRACING": "1",
        }
        assert _run("agent", "My colour is blue.", url=holdfast_url, **where) == "Noted."
        assert _run("agent", "Which is it?", url=holdfast_url, **where) == "Blue."
        assert "My colour is blue." in model.turns[1].text


def test_claude_code_goes_on_in_another_home(holdfast_url: str, tmp_path: Path) -> None:
    with AnthropicModel(Text("Noted."), Text("Blue.")) as model:
        said: list[str] = []
        for home, arguments in (("a", ["My colour is blue."]), ("b", ["Which is it?"])):
            program = programs.claude(tmp_path / home, model)
            where = {
                **program.environment,
                "PATH": f"{_with_claude(tmp_path, program.path)}{os.pathsep}{os.environ['PATH']}",
            }
            session = [said[0].split()[0]] if said else []
            said.append(_run("claude", *arguments, *session, url=holdfast_url, **where))
        assert [one.partition(" ")[2] for one in said] == ["Noted.", "Blue."]
        assert "My colour is blue." in model.turns[1].text


def _with_claude(folder: Path, program: Path) -> Path:
    """A folder in which Claude Code is called as its installer calls it."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "claude").unlink(missing_ok=True)
    (folder / "bin" / "claude").symlink_to(program)
    return folder / "bin"


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [
        ("langgraph", "langchain_core.runnables", "langgraph"),
        ("claude_agent_sdk", "claude_agent_sdk", "claude-agent-sdk"),
    ],
)
def test_without_its_library_an_adapter_says_what_to_install(
    module: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, f"holdfast.contrib.{module}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(LibraryMissing, match="is not installed") as missing:
        importlib.import_module(f"holdfast.contrib.{module}")
    assert library.partition(".")[0] in missing.value.message
    assert f"holdfast[{extra}]" in (missing.value.hint or "")
